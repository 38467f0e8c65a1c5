-- name: questions
select questions from versions where id = $1;

-- name: journey
select contact_id, store_id, subject, product_id, alert_id from journeys where id = $1;

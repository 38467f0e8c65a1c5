-- Events keep what became of them, orders the time of what was last told of them, contacts that of their attributes.

alter table events
    -- What a cart, a checkout or an order was about: [{"product", "variant", "quantity"}]; product_id where it is one.
    add column items jsonb not null default '[]',
    add column order_id text,
    -- Who was considered for what and why not (promise P7), as it was answered.
    add column outcome jsonb not null default '{}',
    add check ((kind = 'ordered') = (order_id is not null));

alter table orders add column observed_at timestamptz;
update orders set observed_at = ordered_at;
alter table orders alter column observed_at set not null;

alter table contacts add column attributes_at timestamptz;

create index waiting_of_contact on waiting (contact_id) where state in ('waiting', 'claimed');
create index journeys_by_store on journeys (store_id, contact_id);

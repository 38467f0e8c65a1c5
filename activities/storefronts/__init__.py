"""One file per storefront: each turns that vendor's signed webhooks into storefront facts, and does no I/O."""

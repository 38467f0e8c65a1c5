"""What it looks like, in each of its forms, that PostgreSQL is away: one list for whoever waits for it or says so."""

import asyncpg

POSTGRES_AWAY: tuple[type[Exception], ...] = (
    # Nobody listens, the connection broke, or no answer came in time: TimeoutError is an OSError.
    OSError,
    asyncpg.PostgresConnectionError,
    # The client notices in the middle of something else; InternalClientError is no InterfaceError.
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    # It stops, restarts, recovers, or somebody ended the backend or the query.
    asyncpg.OperatorInterventionError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    # It has no connection, memory or disk left, or its disk fails.
    asyncpg.InsufficientResourcesError,
    asyncpg.PostgresSystemError,
    # It gave up our transaction for another's; or it follows another server since a failover.
    asyncpg.TransactionRollbackError,
    asyncpg.ReadOnlySQLTransactionError,
    # Somebody works at it: another password, another name, a backup half restored.
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.InsufficientPrivilegeError,
    asyncpg.UndefinedTableError,
)
"""The same call may succeed in a moment, or once the operator is done. Of asyncpg's errors only those are left out that
say of a statement or a value that it is wrong; but what it cannot encode is an InterfaceError, and a ValueError."""

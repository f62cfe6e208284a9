import { type ControlledTransaction, PostgresDialect, Transaction } from 'kysely';

/**
 * The same transaction, but statements that do not wait for each other are sent together: Kysely would send each when the one before
 * has come back. The connection is in pipeline mode, so they are carried out in the order in which they were sent.
 */
export async function pipelined<S>(transaction: ControlledTransaction<S>): Promise<Transaction<S>> {
  // Once the transaction has ended, its executor refuses all that is asked of it.
  const executor = transaction.getExecutor();
  const connection = await executor.provideConnection(async (own) => own);
  return new Transaction<S>({
    executor: executor.withConnectionProvider({ provideConnection: (consumer) => consumer(connection) }),
    // A transaction has these to begin another one, which it refuses.
    config: { dialect: DIALECT },
    driver: DIALECT.createDriver(),
    dialect: DIALECT,
  });
}

const DIALECT = new PostgresDialect({
  pool: () => {
    throw new TypeError('A transaction has its connection.');
  },
});

/** Every code of a `StoreError`, with its sentence in Chinese; the English one, which names the places, stands where it is thrown. */
export const CHINESE = {
  commit_unknown: '保存改动时与数据库的连接中断，无法确定是否已经保存。请先查看结果，再决定是否重做。',
  connection_lost: '与数据库的连接中断。请确认数据库正在运行，然后重试。',
  database_busy: '所有数据库连接都在使用中。请稍后再试。',
  database_newer: '数据库是由更新版本的程序创建的。请使用该版本或更新的版本。',
  database_unreachable: '无法连接数据库。请检查 DATABASE_URL，并确认数据库已启动。',
  data_folder_denied: '数据库文件夹属于另一个用户。请用最初启动它的用户或 root 启动，或更换 DATA_DIR。',
  data_folder_foreign: '这个文件夹不是为本程序创建的，没有删除任何内容。请确认其内容，需要时自行删除。',
  data_folder_in_use: '另一个程序正在使用这个数据库。请先停止它，或给本程序单独的 DATA_DIR。',
  data_folder_missing: '链接指向的数据库文件夹不存在。请恢复它，或删除链接以空库启动。',
  data_folder_unlockable: '无法锁定数据库文件夹。请确认磁盘有空间且不是网络磁盘，或更换 DATA_DIR。',
  data_folder_unreachable: '运行数据库的系统用户无权进入数据库所在的文件夹。请按下面的命令移动它。',
  init_failed: '无法初始化 PostgreSQL。原因见下。',
  leftover_server: '上次运行留下的 PostgreSQL 还在使用这个文件夹，且无法停止。请停止它后重试。',
  migration_failed: '数据库迁移失败，没有任何改动。请排除原因后重新启动。',
  migrations_disordered: '有一个迁移排在已执行的迁移之前。请给它一个更大的编号。',
  no_unprivileged_user:
    'PostgreSQL 不能以 root 运行，而用于运行它的系统用户无法创建。请创建该用户，或以普通用户启动，或设置 DATABASE_URL。',
  password_missing: '无法读取数据库的密码文件。请用创建它的用户启动，或恢复该文件，或移走文件夹以空库启动。',
  platform_unsupported: 'npm 没有为本机平台提供 PostgreSQL。请在本机重新运行 npm ci，或设置 DATABASE_URL。',
  port_taken: '数据库要用的端口已被占用。请停止占用它的程序后重试。',
  postgres_too_old: '数据库服务器的 PostgreSQL 版本太旧。请升级，或将 DATABASE_URL 留空。',
  read_outdated: '账户在本次操作等待期间被多次修改，没有保存任何内容。请重试。',
  server_ended: 'PostgreSQL 意外退出。原因见下。',
  start_failed: 'PostgreSQL 无法启动。原因见下。',
  transaction_aborted: '有语句失败而事务仍在继续，因此没有保存任何内容。这是程序缺陷，请报告。',
  version_mismatch:
    '数据库的版本与本程序自带的 PostgreSQL 不同。请用原版本导出，再恢复到空的 DATA_DIR；见 docs/database.md。',
} as const;

export type StoreErrorCode = keyof typeof CHINESE;

/** What the database, or running it, refuses. `code` is stable; `message` says what is wrong and what to do next. */
export class StoreError extends Error {
  override readonly name: string = 'StoreError';
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  /** The sentence in Chinese; what it is about stands in the English one alone. */
  get chinese(): string {
    return CHINESE[this.code];
  }
}

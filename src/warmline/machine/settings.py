"""PostgreSQL's settings files: durable, tuned for many small batches, scaled to this machine's memory and disk."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from warmline.machine.account import Account

SUPERUSER = "warmline"
DATABASE = "warmline"
_MB = 1024 * 1024
_GB = 1024 * _MB


def server_settings(memory: int, disk: int) -> str:
    """The text of `warmline.conf`, for that many bytes of memory and of disk.

    What is durable is written out although it is the default: a reader of this file is to see it.
    """
    shared_buffers = max(32 * _MB, min(1 * _GB, memory // 8))
    max_wal = max(1 * _GB, min(16 * _GB, disk // 16))
    values = {
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "max_connections": "200",
        "shared_buffers": _in_mb(shared_buffers),
        "effective_cache_size": _in_mb(max(128 * _MB, memory // 3)),
        "work_mem": _in_mb(max(4 * _MB, min(16 * _MB, memory // 512))),
        "wal_buffers": _in_mb(min(64 * _MB, shared_buffers // 16)),
        "max_wal_size": _in_mb(max_wal),  # long checkpoint intervals: full-page images are most of the WAL
        "min_wal_size": _in_mb(max_wal // 8),
        "checkpoint_timeout": "15min",
        "random_page_cost": "1.1",
        "jit": "off",  # compiling costs more than our short statements take
        "autovacuum_naptime": "15s",  # a queue makes dead rows all day long
        "autovacuum_vacuum_scale_factor": "0.05",
        "autovacuum_analyze_scale_factor": "0.05",
        "autovacuum_vacuum_cost_limit": "2000",
        "timezone": "'UTC'",
        "log_timezone": "'UTC'",
        "lc_messages": "'C'",
        "logging_collector": "on",  # one file for each day of the week, so the log never fills the disk
        "log_directory": "'../log'",
        "log_filename": "'postgresql-%a.log'",
        "log_rotation_age": "1d",
        "log_rotation_size": "0",
        "log_truncate_on_rotation": "on",
    }
    head = "# Written by Warmline at every start. Own settings: ALTER SYSTEM SET ..., which win over this file.\n"
    return head + "".join(f"{name} = {value}\n" for name, value in values.items())


def access_rules() -> str:
    """The text of `pg_hba.conf`: local sockets only, and only for the accounts that `account_map` names.

    `peer` asks the kernel who is at the other end. So there is no password to keep, and even somebody who got at the
    socket through some mistake in folder permissions is refused. There is no line for TCP.
    """
    return "local all all peer map=warmline\nlocal replication all peer map=warmline\n"


def account_map(account: Account) -> str:
    """The text of `pg_ident.conf`: the account that runs the server, and root, are the database user `warmline`."""
    return "".join(f'warmline "{name}" {SUPERUSER}\n' for name in dict.fromkeys(["root", account.name]))


def memory_of_machine() -> int:
    """Bytes of memory this process may use: the machine's, or its container's limit when that is less."""
    amounts = [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    for limit in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        path = Path(limit)
        text = path.read_text().strip() if path.exists() else "max"
        if text != "max":
            amounts.append(int(text))
    return min(amounts)


def disk_of(folder: Path) -> int:
    """Bytes of the disk that holds the folder, used or not."""
    return shutil.disk_usage(folder).total


def _in_mb(amount: int) -> str:
    return f"{max(1, amount // _MB)}MB"

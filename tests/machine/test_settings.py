from __future__ import annotations

from warmline.machine.account import Account
from warmline.machine.settings import access_rules, account_map, memory_of_machine, server_settings

GB = 1024**3


def test_a_big_machine_gets_the_measured_settings() -> None:
    text = server_settings(24 * GB, 256 * GB)
    for line in ("shared_buffers = 1024MB", "wal_buffers = 64MB", "work_mem = 16MB", "max_wal_size = 16384MB"):
        assert line in text.splitlines()
    assert "min_wal_size = 2048MB" in text
    assert "effective_cache_size = 8192MB" in text


def test_a_small_machine_gets_less_and_stays_durable() -> None:
    lines = server_settings(GB, 10 * GB).splitlines()
    for line in ("shared_buffers = 128MB", "work_mem = 4MB", "max_wal_size = 1024MB", "wal_buffers = 8MB"):
        assert line in lines
    for line in ("fsync = on", "synchronous_commit = on", "full_page_writes = on", "max_connections = 200"):
        assert line in lines


def test_only_peers_on_the_socket_are_let_in() -> None:
    assert all(line.startswith("local ") and " peer " in line for line in access_rules().splitlines())


def test_the_account_and_root_are_the_database_user_and_nobody_else_is() -> None:
    assert account_map(Account("sam", 1000, 1000)) == 'warmline "root" warmline\nwarmline "sam" warmline\n'
    assert account_map(Account("root", 0, 0)) == 'warmline "root" warmline\n'


def test_the_memory_of_this_machine_is_believable() -> None:
    assert 64 * 1024**2 < memory_of_machine() < 2**50

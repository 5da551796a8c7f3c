"""What is done to the sidecar and to the server while everybody works."""

import os
import signal
import time

from session import ConnectionLost, SqlError

STOP_SECONDS = 10  # two are promised; the machine of a test is a slow one
SHUTDOWN_SECONDS = 20


def kill(round_):
    round_.mirror.kill()
    pause(round_)


def terminate(round_):
    begin = time.monotonic()
    round_.mirror.process.send_signal(signal.SIGTERM)
    status = round_.mirror.process.wait(120)
    took = time.monotonic() - begin
    # Before the store is open it has not said how it takes the signal.
    early = status == -signal.SIGTERM and (not round_.mirror.has_spoken() or round_.mirror.status()["state"] == "starting")
    if took > STOP_SECONDS or status != 0 and not early and not round_.had_a_right_to_end(status):
        round_.found("stop", f"SIGTERM: exit status {status} after {took:.1f} s")
    round_.mirror.process = None
    pause(round_)


def pause(round_):
    """Away for a moment or for longer, so that the server goes on without it."""
    time.sleep(round_.rng.choice([0, 0, 0.3, 1.5]))


def stop_for_a_second(round_):
    round_.stopped_by_us = True
    round_.mirror.process.send_signal(signal.SIGSTOP)
    time.sleep(1)
    round_.mirror.process.send_signal(signal.SIGCONT)
    round_.stopped_by_us = False


def stutter(round_):
    """Every step of it takes long, so that the database changes between any two."""
    round_.stopped_by_us = True
    ends = time.monotonic() + 2
    while time.monotonic() < ends and round_.mirror.is_running():
        round_.mirror.process.send_signal(signal.SIGSTOP)
        time.sleep(round_.rng.uniform(0.03, 0.4))
        round_.mirror.process.send_signal(signal.SIGCONT)
        time.sleep(round_.rng.uniform(0.002, 0.06))
    round_.stopped_by_us = False


def stop_backends(round_):
    """One process of the server after the other stands still: a commit that is in the WAL and not visible, a stream
    that is late, a query that takes long."""
    for _ in range(4):
        found = sql(round_, "SELECT pid FROM pg_stat_activity WHERE datname = current_database() "
                            "AND pid <> pg_backend_pid()")
        if not found:
            return
        pid = int(round_.rng.choice(found.split()))
        try:
            os.kill(pid, signal.SIGSTOP)
            time.sleep(round_.rng.uniform(0.05, 0.5))
        except ProcessLookupError:
            continue
        finally:
            go_on(pid)


def go_on(pid):
    try:
        os.kill(pid, signal.SIGCONT)
    except ProcessLookupError:
        pass  # it ended


def reload(round_):
    """With the documents in another layout, perhaps."""
    round_.mirror.wait_until_it_speaks()
    round_.mirror.configure(round_.rng.choice(["one", "each", "twice"]))
    round_.mirror.process.send_signal(signal.SIGHUP)


def publish(round_):
    round_.mirror.wait_until_it_speaks()
    round_.mirror.process.send_signal(signal.SIGUSR1)


def fast_restart(round_):
    took = round_.server.stop(signal.SIGINT)
    if took > SHUTDOWN_SECONDS:
        round_.found("shutdown", f"a fast shutdown took {took:.1f} s")
    round_.server.start()


def crash(round_):
    round_.server.stop(signal.SIGQUIT)
    round_.server.start()


def sql(round_, statement):
    try:
        return round_.server.sql(round_.database, statement)
    except (ConnectionLost, SqlError) as error:
        round_.note_sql_error(error)
        return ""


def end_walsender(round_):
    sql(round_, "SELECT pg_terminate_backend(pid) FROM pg_stat_replication")


def end_all_its_sessions(round_):
    sql(round_, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'understudy'")


def drop_slot(round_):
    round_.mirror.kill()
    pause(round_)
    sql(round_, "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = 'understudy'")


def drop_slot_under_it(round_):
    sql(round_, "SELECT pg_terminate_backend(pid) FROM pg_stat_replication")
    sql(round_, "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = 'understudy'")


def advance_slot(round_):
    round_.mirror.kill()
    time.sleep(0.5)
    sql(round_, "SELECT pg_replication_slot_advance(slot_name, pg_current_wal_lsn()) FROM pg_replication_slots "
                "WHERE slot_name = 'understudy'")


OF_SIDECAR = [kill, kill, terminate, terminate, stop_for_a_second, stutter, stutter, reload, publish]
OF_SERVER = [fast_restart, crash, end_walsender, end_walsender, end_all_its_sessions, stop_backends, stop_backends]
OF_SLOT = [drop_slot, drop_slot_under_it, advance_slot]
LOSES_COMMITS = {crash}

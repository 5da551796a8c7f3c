#include "support/postgres_server.hpp"

#include "support/free_port.hpp"
#include "support/postgres_programs.hpp"
#include "support/waiting.hpp"

#include <libpq-fe.h>
#include <signal.h>

#include <sstream>
#include <stdexcept>
#include <utility>
#include <vector>

namespace understudy::testing {

namespace fs = std::filesystem;

namespace {

int signal_of(postgres_server::stop_mode mode)
{
    switch (mode) {
    case postgres_server::stop_mode::smart: return SIGTERM;
    case postgres_server::stop_mode::fast: return SIGINT;
    case postgres_server::stop_mode::immediate: return SIGQUIT;
    }
    return SIGQUIT;
}

std::string setting(const std::string& name, const std::string& value)
{
    return name + " = '" + value + "'\n";
}

/// The parent's process id, or -1: the second number after the program's name in parentheses.
/// https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
pid_t parent_of(const fs::path& process)
{
    auto stat = read_file(process / "stat");
    auto name_end = stat.rfind(')');
    if (name_end == stat.npos) return -1;
    std::istringstream rest{stat.substr(name_end + 1)};
    char state = 0;
    pid_t parent = -1;
    rest >> state >> parent;
    return parent;
}

std::vector<pid_t> children_of(pid_t parent)
{
    std::vector<pid_t> children;
    for (const auto& entry : fs::directory_iterator{"/proc"}) {
        auto name = entry.path().filename().string();
        if (name.find_first_not_of("0123456789") == name.npos && parent_of(entry.path()) == parent)
            children.push_back(static_cast<pid_t>(std::stol(name)));
    }
    return children;
}

bool gone(pid_t process)
{
    auto state = read_file("/proc/" + std::to_string(process) + "/stat");
    return state.empty() || state.find(") Z ") != state.npos;
}

}  // namespace

postgres_server::postgres_server(server_options options) : options_{std::move(options)}, directory_{server_user()}
{
    if (options_.tcp) port_ = free_port();
    run_program(
        {.command = {"/bin/cp", "-a", template_cluster(options_.version), data_directory()}, .run_as = server_user()});
    configure();
    start();
}

postgres_server::~postgres_server()
{
    // Nothing of it is kept, so the quickest end is good enough.
    if (running()) stop(stop_mode::immediate);
}

void postgres_server::configure()
{
    std::map<std::string, std::string> settings{
        {"listen_addresses", options_.tcp ? "127.0.0.1" : ""},
        {"port", std::to_string(port_)},
        {"unix_socket_directories", directory_.path()},
        {"wal_level", "logical"},
        {"max_wal_senders", "10"},
        {"max_replication_slots", "10"},
        {"max_prepared_transactions", "10"},
        {"shared_buffers", "32MB"},
        {"fsync", options_.fsync ? "on" : "off"},
    };
    for (const auto& [name, value] : options_.settings) settings.insert_or_assign(name, value);
    for (const auto& [name, value] : settings) set(name, value);
    if (options_.passwords) require_passwords();
}

void postgres_server::set(const std::string& name, const std::string& value)
{
    append_to_file(data_directory() / "postgresql.conf", setting(name, value));
}

void postgres_server::require_passwords()
{
    write_file(data_directory() / "pg_hba.conf", "local all,replication postgres trust\n"
                                                 "host all,replication postgres 127.0.0.1/32 trust\n"
                                                 "local all,replication all scram-sha-256\n"
                                                 "host all,replication all 127.0.0.1/32 scram-sha-256\n");
}

// A directory can get the inode of one that a test before has removed, and with it the key of a shared memory block that a
// process of that server still has for a moment.
void postgres_server::start()
{
    bool started = false;
    auto settled = [&] {
        auto before = log().size();
        started = launch();
        auto said = log().substr(before);
        // What a former server of this directory holds goes with it, a moment after it.
        bool is_held = said.find("pre-existing shared memory block") != said.npos ||
                       said.find("lock file \"postmaster.pid\" already exists") != said.npos;
        return started || !is_held;
    };
    if (!wait_for(settled) || !started) throw std::runtime_error{"Postgres did not start:\n" + log()};
}

bool postgres_server::launch()
{
    child_options options{.command = {postgres_programs(options_.version) / "postgres", "-D", data_directory()},
                          .output = log_file(),
                          .run_as = server_user(),
                          .environment = {{"PGDATA", ""}, {"LC_ALL", "C"}}};
    postmaster_ = std::make_unique<child_process>(options);
    bool ready = wait_for([this] { return answers() || !postmaster_->running(); }, std::chrono::seconds{60});
    return ready && running();
}

bool postgres_server::answers() const
{
    return PQping(connection_string().c_str()) == PQPING_OK;
}

bool postgres_server::running()
{
    return postmaster_ && postmaster_->running();
}

std::optional<std::chrono::milliseconds> postgres_server::stop(stop_mode mode, std::chrono::milliseconds deadline)
{
    auto begin = std::chrono::steady_clock::now();
    postmaster_->signal(signal_of(mode));
    if (!postmaster_->wait(deadline)) return std::nullopt;
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin);
}

void postgres_server::kill_postmaster()
{
    // Stopped, it starts no more processes, so the list is whole.
    postmaster_->signal(SIGSTOP);
    auto backends = children_of(postmaster_->pid());
    for (auto backend : backends) kill(backend, SIGKILL);
    postmaster_->signal(SIGKILL);
    postmaster_->wait(std::chrono::seconds{10});
    for (auto backend : backends)
        if (!wait_for([backend] { return gone(backend); }))
            throw std::runtime_error{"a process of Postgres survived SIGKILL"};
}

void postgres_server::restart(stop_mode mode)
{
    if (!stop(mode)) throw std::runtime_error{"Postgres did not stop:\n" + log()};
    start();
}

std::string postgres_server::connection_string(const std::string& role, const std::string& database) const
{
    return "host=" + directory_.path().string() + " port=" + std::to_string(port_) + " user=" + role +
           " dbname=" + database;
}

std::string postgres_server::tcp_connection_string(const std::string& role, const std::string& database) const
{
    return "host=127.0.0.1 port=" + std::to_string(port_) + " user=" + role + " dbname=" + database;
}

}  // namespace understudy::testing

// One warm decision, everything opened and parsed anew: configuration, lockdown, admissions,
// roster, stamp. Prints "name p50 p99" in microseconds.
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

#include "gate.h"
#include "samples.h"
#include "snapshot_writer.h"

using namespace together;

namespace {

constexpr int rounds = 2000;
constexpr int processes = 300;

std::string make_node(const std::string& folder, int collaborators) {
    ::mkdir(folder.c_str(), 0755);
    const std::string path = folder + "/together.conf";
    std::ofstream(path) << "[api]\nbase_url = https://roles.example.org/v1\nproject = proj_bench\n"
                        << "[roster]\ndirectory = " << folder << "\nfresh_for = 1h\n"
                        << "[gate]\ncontact = Questions: support@example.org\n";
    ::chmod(path.c_str(), 0644);
    RosterContent content;
    content.project = "proj_bench";
    content.base_url = "https://roles.example.org/v1";
    content.revision = 7;
    content.validated = SystemClock().now();
    for (int i = 0; i < collaborators; ++i) {
        RosterEntry entry;
        entry.login = "user" + std::to_string(i);
        entry.user_id = "user_" + std::to_string(i);
        entry.role = i == 0 ? "admin" : "member";
        entry.uid = static_cast<uid_t>(10'000 + i);
        entry.uid_source = UidSource::node;
        content.entries.push_back(std::move(entry));
    }
    if (!write_snapshot(RosterPaths(*load_config(path)), std::move(content))) std::abort();
    return path;
}

void decide(const std::string& config, const std::string& login, Verdict expected) {
    SystemClock clock;
    SystemAccounts accounts;
    NoRefresher refresher;
    Gate gate(load_config(config), clock, accounts, refresher);
    if (gate.decide({Subject::of_login(login), Action::ssh_login, false}).verdict != expected)
        std::abort();
}

void report(const std::string& name, const Samples& samples) {
    std::printf("%-44s %10.1f %10.1f\n", name.c_str(), percentile(samples, 0.5),
                percentile(samples, 0.99));
    std::fflush(stdout);
}

void measure(const std::string& folder, int collaborators) {
    const auto config = make_node(folder, collaborators);
    const auto login = "user" + std::to_string(collaborators / 2);
    const auto allowed = [&] { decide(config, login, Verdict::allow); };
    const auto size = std::to_string(collaborators);
    Samples hot;
    for (int i = 0; i < rounds; ++i) hot.push_back(time_of(allowed));
    report("decision, hot, " + size, hot);
    Samples forked;
    for (int i = 0; i < processes; ++i) forked.push_back(time_in_new_process(allowed));
    report("decision, new process, " + size, forked);
    Samples absent;
    for (int i = 0; i < 50; ++i)
        absent.push_back(time_of([&] { decide(config, "stranger", Verdict::deny); }));
    report("decision, absent name, " + size, absent);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) return 2;
    ::umask(022);
    const std::string folder = argv[1];
    for (const int collaborators : {100, 10'000, 1'000'000})
        measure(folder + "/" + std::to_string(collaborators), collaborators);
}

// SPDX-License-Identifier: Apache-2.0
#include "togetherctl/node/name_answers.h"

#include <nss.h>
#include <sys/wait.h>

#include <sstream>

#include "common/system/io.h"
#include "common/system/node_accounts.h"
#include "common/system/uids.h"
#include "processes/child.h"

namespace together::ctl {
namespace {

using namespace together;
using namespace std::chrono_literals;

// A line for each: its uid, or "-".
int answer(const std::string& services, const std::vector<std::string>& logins, int pipe) {
    if (!services.empty() && ::__nss_configure_lookup("passwd", services.c_str()) != 0) return 1;
    SystemAccounts accounts;
    std::string text;
    for (const auto& login : logins) {
        const auto uid = accounts.uid_of(login);
        text += uid && *uid ? std::to_string(**uid) + "\n" : "-\n";
    }
    return write_full(pipe, text.data(), text.size()) ? 0 : 1;
}

}  // namespace

Result<std::vector<std::optional<uid_t>>> uids_by(const std::string& services,
                                                  const std::vector<std::string>& logins) {
    const auto run = run_child(1, {.patience = 5s}, [&](const std::vector<int>& pipes) {
        return answer(services, logins, pipes[0]);
    });
    if (!run) return tl::make_unexpected(run.error());
    if (run->end != ChildRun::End::by_itself || run->status != 0)
        return failure("the name services " + services + " did not answer");
    std::vector<std::optional<uid_t>> uids;
    std::istringstream lines(run->output[0]);
    for (std::string line; std::getline(lines, line);) uids.push_back(parse_uid(line));
    uids.resize(logins.size());
    return uids;
}

}  // namespace together::ctl

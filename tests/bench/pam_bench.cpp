// SPDX-License-Identifier: Apache-2.0
// PAM account transactions in newly forked processes, start to end, of several services in random
// order. Arguments: confdir, runs, services…. Prints "service p50 p99" in microseconds, the ratio
// to the service "permit", and the page faults of one transaction.
#include <pwd.h>
#include <security/pam_appl.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <random>
#include <string>

#include "tests/bench/samples.h"

namespace {

constexpr const char* login = "user50";

int no_conversation(int, const pam_message**, pam_response**, void*) {
    return PAM_CONV_ERR;
}

// As sshd's monitor does before it calls libpam, in the same process (docs/pam-notes.md): what that
// loads and touches is no part of a transaction.
void look_up() {
    if (::getpwnam(login) == nullptr) std::abort();
}

void transaction(const std::string& service, const std::string& confdir) {
    const pam_conv conversation{no_conversation, nullptr};
    pam_handle_t* handle = nullptr;
    if (pam_start_confdir(service.c_str(), login, &conversation, confdir.c_str(), &handle) !=
        PAM_SUCCESS)
        std::abort();
    pam_set_item(handle, PAM_RHOST, "192.0.2.7");
    if (pam_acct_mgmt(handle, 0) != PAM_SUCCESS) std::abort();
    pam_end(handle, PAM_SUCCESS);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 4) return 2;
    const std::string confdir = argv[1];
    const int runs = std::atoi(argv[2]);
    std::vector<std::string> order;
    for (int i = 3; i < argc; ++i)
        order.insert(order.end(), static_cast<std::size_t>(runs), argv[i]);
    std::mt19937 random(std::random_device{}());
    std::shuffle(order.begin(), order.end(), random);
    std::map<std::string, Samples> samples;
    for (const auto& service : order)
        samples[service].push_back(
            time_in_new_process([&] { transaction(service, confdir); }, look_up));
    const double floor = percentile(samples["permit"], 0.5);
    for (int i = 3; i < argc; ++i)
        std::printf("%-44s %10.1f %10.1f %10.2f %10ld\n", argv[i],
                    percentile(samples[argv[i]], 0.5), percentile(samples[argv[i]], 0.99),
                    percentile(samples[argv[i]], 0.5) / floor,
                    page_faults_in_new_process([&] { transaction(argv[i], confdir); }, look_up));
}

// SPDX-License-Identifier: Apache-2.0
// A C++ module that does nothing: what loading and calling one costs.
#include <cstdlib>
#include <string>

struct pam_handle;

#define ENTRY(name)                                                                            \
    extern "C" __attribute__((visibility("default"))) int name(pam_handle*, int, int,          \
                                                               const char**) {                 \
        return std::string(static_cast<std::size_t>(std::rand() % 2), 'x').size() > 1 ? 6 : 0; \
    }

ENTRY(pam_sm_acct_mgmt)
ENTRY(pam_sm_authenticate)
ENTRY(pam_sm_setcred)
ENTRY(pam_sm_open_session)
ENTRY(pam_sm_close_session)
ENTRY(pam_sm_chauthtok)

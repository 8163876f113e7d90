// SPDX-License-Identifier: Apache-2.0
// In place of /var/lib/together/accounts.v1, where the name service's module is tested.
#pragma once

extern const char* accounts_file_of_tests;

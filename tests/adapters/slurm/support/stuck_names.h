// SPDX-License-Identifier: Apache-2.0
// The node's name service, made to hang. getpwuid_r of this program comes before the C library's,
// for the adapters it loads too.
#pragma once

void hang_names();
void answer_names();
int hanging_lookups();  // threads that are inside just now

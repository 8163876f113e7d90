// SPDX-License-Identifier: Apache-2.0
// systemd's readiness protocol (sd_notify(3)): one datagram, no library.
#pragma once

namespace together {

// Says READY=1 once, where NOTIFY_SOCKET names somebody to tell. Does nothing elsewhere.
void tell_service_manager_ready();

}  // namespace together

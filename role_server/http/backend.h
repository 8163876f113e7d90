// SPDX-License-Identifier: Apache-2.0
// What a connection needs of the program behind it. All calls on the I/O thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "role_server/http/long_poll_list.h"
#include "role_server/http/message.h"

namespace together::roled {

class Backend {
  public:
    virtual ~Backend() = default;

    // Calls `done` on the I/O thread, later: never from within.
    virtual void ask(std::shared_ptr<const Request> request, Phase phase,
                     std::function<void(Response)> done) = 0;

    // Nothing where no more long polls are taken.
    virtual std::optional<LongPollList::Ticket> begin_long_poll(const LongPoll& poll,
                                                                std::function<void()> wake) = 0;
    virtual void cancel(LongPollList::Ticket ticket) = 0;

    // Being stopped: connections are not kept open after their answer.
    virtual bool stopping() const = 0;
};

}  // namespace together::roled

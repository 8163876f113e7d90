// SPDX-License-Identifier: Apache-2.0
// Datagrams to sockets of this node, without waiting for whoever reads them.
#pragma once

#include <string>
#include <string_view>

#include "common/system/file_descriptor.h"

namespace together {

enum class Sent { yes, queue_full, nobody_there };

// Owns one socket, for any number of readers. Movable, not shared between threads.
class DatagramSocket {
  public:
    DatagramSocket();

    // Never blocks, raises no signal. A `path` of more than 107 bytes reaches nobody.
    Sent send(const std::string& path, std::string_view text) const;

  private:
    FileDescriptor socket_;
};

}  // namespace together

// SPDX-License-Identifier: Apache-2.0
// tinycdb's writer; frees its memory whatever happens.
#pragma once

#include <cdb.h>
#include <sys/types.h>

#include <string_view>

namespace together {

class CdbWriter {
  public:
    explicit CdbWriter(int fd) { ::cdb_make_start(&make_, fd); }
    ~CdbWriter() {
        if (!finished_) {
            // Only cdb_make_finish frees the records' list; its result no longer matters.
            static_cast<void>(::cdb_make_finish(&make_));
        }
    }
    CdbWriter(const CdbWriter&) = delete;
    CdbWriter& operator=(const CdbWriter&) = delete;

    bool add(std::string_view key, std::string_view record) {
        return ::cdb_make_add(&make_, key.data(), static_cast<unsigned>(key.size()), record.data(),
                              static_cast<unsigned>(record.size())) == 0;
    }
    bool finish() {
        finished_ = true;
        return ::cdb_make_finish(&make_) == 0;
    }
    // Once it is finished. Not the file's: a spare is larger.
    off_t length() const { return static_cast<off_t>(make_.cdb_dpos); }

  private:
    cdb_make make_{};
    bool finished_ = false;
};

}  // namespace together

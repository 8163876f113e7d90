// SPDX-License-Identifier: Apache-2.0
#include "role_server/store/database_file.h"

#include <fcntl.h>
#include <soci/sqlite3/soci-sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>

#include "common/system/errno_text.h"
#include "common/system/file_descriptor.h"
#include "common/system/folder_of.h"

namespace together::roled {
namespace {

constexpr std::array beside{"-wal", "-shm", "-journal"};

void remove_with_what_is_beside(const std::string& path) {
    for (const auto* suffix : beside) (void)::unlink((path + suffix).c_str());
    (void)::unlink(path.c_str());
}

Result<void> to_disk(const std::string& path, int flags) {
    const FileDescriptor file(::open(path.c_str(), flags | O_CLOEXEC));
    if (!file || ::fsync(file.get()) != 0) return failure(errno_text(path, errno));
    return {};
}

// rename() would put it over what somebody has made meanwhile; but a share of another system may
// know no links.
Result<void> appear(const std::string& prepared, const std::string& file) {
    if (auto written = to_disk(prepared, O_RDONLY); !written) return written;
    if (::link(prepared.c_str(), file.c_str()) == 0)
        (void)::unlink(prepared.c_str());
    else if (errno == EEXIST || ::rename(prepared.c_str(), file.c_str()) != 0)
        return failure(errno_text(file, errno));
    return to_disk(folder_of(file), O_RDONLY | O_DIRECTORY);
}

Result<void> vacuum_into(soci::session& sql, const std::string& file) {
    const auto before = ::umask(077);
    try {
        sql << "VACUUM INTO :file", soci::use(file);
    } catch (const soci::soci_error& error) {
        ::umask(before);
        (void)::unlink(file.c_str());
        return failure(file + ": " + error.what());
    }
    ::umask(before);
    return {};
}

}  // namespace

bool exists(const std::string& path) {
    return ::access(path.c_str(), F_OK) == 0;
}

std::vector<std::string> damages_of(Store& store) {
    std::vector<std::string> damages;
    if (store.kind() != Store::Kind::sqlite) return damages;
    std::string text;
    store.each(
        "SELECT integrity_check FROM pragma_integrity_check",
        [&] {
            if (text != "ok") damages.push_back(text);
        },
        soci::into(text));
    store.each(
        "SELECT DISTINCT \"table\" FROM pragma_foreign_key_check",
        [&] { damages.push_back(text + ": a row refers to one that is not there"); },
        soci::into(text));
    return damages;
}

Result<void> copy_to(Store& store, const std::string& file) {
    if (exists(file)) return failure(file + " exists already and is left alone");
    const auto part = file + ".part";
    remove_with_what_is_beside(part);
    if (auto copied = vacuum_into(store.sql(), part); !copied) return copied;
    return appear(part, file);
}

Restoration::~Restoration() {
    store_.reset();
    remove_with_what_is_beside(prepared_);
}

Result<std::unique_ptr<Restoration>> Restoration::begin(const std::string& backup,
                                                        const std::string& db) {
    for (const auto* suffix : {"", "-wal", "-shm", "-journal"})
        if (exists(db + suffix))
            return failure(db + suffix +
                           " exists already: move it away first, with what stands beside it, and "
                           "give its new name with --replay");
    if (!exists(backup)) return failure(errno_text(backup, ENOENT));
    auto restoration = std::make_unique<Restoration>(db);
    remove_with_what_is_beside(restoration->prepared_);
    try {
        soci::session sql(soci::sqlite3, "dbname=\"" + backup + "\"");
        if (auto copied = vacuum_into(sql, restoration->prepared_); !copied)
            return tl::unexpected(copied.error());
        auto store = Store::open(restoration->prepared_);
        if (!store) return tl::unexpected(store.error());
        restoration->store_ = std::move(*store);
        for (const auto& damage : damages_of(restoration->store()))
            return failure(backup + ": " + damage);
    } catch (const soci::soci_error& error) {
        return failure(backup + ": " + error.what());
    }
    return restoration;
}

Result<void> Restoration::finish() {
    // The last connection takes what stands beside the file into it.
    store_.reset();
    if (exists(prepared_ + "-wal")) return failure(prepared_ + "-wal: somebody else has it open");
    return appear(prepared_, db_);
}

}  // namespace together::roled

// SPDX-License-Identifier: Apache-2.0
#include "common/system/atomic_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "common/system/errno_text.h"
#include "common/system/folder_of.h"
#include "common/system/io.h"

namespace together {
namespace {

FileFailure failed(const std::string& what) {
    const int error = errno;
    return {error, errno_text(what, error)};
}

FileStep step(bool good, const std::string& what) {
    if (good) return {};
    return tl::make_unexpected(failed(what));
}

}  // namespace

AtomicFile::AtomicFile(std::string path)
    : path_(std::move(path)),
      temporary_(hidden_beside(path_, ".together-XXXXXX")),
      has_own_name_(true) {}

AtomicFile::AtomicFile(std::string path, std::string temporary)
    : path_(std::move(path)), temporary_(std::move(temporary)), has_own_name_(false) {}

AtomicFile::~AtomicFile() {
    if (descriptor_) ::unlink(temporary_.c_str());
}

FileStep AtomicFile::open() {
    if (has_own_name_) {
        descriptor_ = FileDescriptor(::mkostemp(temporary_.data(), O_CLOEXEC));
        return step(static_cast<bool>(descriptor_), "cannot write beside " + path_);
    }
    ::unlink(temporary_.c_str());
    descriptor_ = FileDescriptor(
        ::open(temporary_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    return step(static_cast<bool>(descriptor_), "cannot make " + temporary_);
}

FileStep AtomicFile::write(std::string_view text) {
    return step(write_full(fd(), text.data(), text.size()), "cannot write " + temporary_);
}

FileStep AtomicFile::set_owner(uid_t uid, gid_t gid) {
    return step(::fchown(fd(), uid, gid) == 0, "cannot give " + temporary_ + " its owner");
}

FileStep AtomicFile::finish(mode_t mode) {
    return finish_file(fd(), temporary_, mode);
}

tl::expected<AtomicFile::Committed, FileFailure> AtomicFile::commit() {
    if (::rename(temporary_.c_str(), path_.c_str()) != 0)
        return tl::make_unexpected(failed("cannot replace " + path_));
    descriptor_.reset();
    Committed committed;
    if (auto synced = sync_folder(folder_of(path_)); !synced)
        committed.not_synced = std::move(synced.error());
    return committed;
}

Result<void> replace_file(AtomicFile&& file, std::string_view text, mode_t mode) {
    const auto done = file.open()
                          .and_then([&] { return file.write(text); })
                          .and_then([&] { return file.finish(mode); })
                          .and_then([&] { return file.commit(); });
    if (!done) return failure(done.error().message);
    return {};
}

FileStep finish_file(int fd, const std::string& path, mode_t mode) {
    if (::fchmod(fd, mode) != 0)
        return tl::make_unexpected(failed("cannot give " + path + " its mode"));
    return step(::fsync(fd) == 0, "cannot write " + path);
}

FileStep sync_folder(const std::string& folder) {
    const FileDescriptor opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return step(opened && ::fsync(opened.get()) == 0, "cannot sync " + folder);
}

std::string hidden_beside(const std::string& path, std::string_view ending) {
    return folder_of(path) + "/." + path.substr(path.rfind('/') + 1) + std::string(ending);
}

}  // namespace together

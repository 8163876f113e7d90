// SPDX-License-Identifier: Apache-2.0
#include "together_refresh/count/textfile.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "common/system/atomic_file.h"
#include "common/system/errno_text.h"
#include "common/system/folder_of.h"
#include "common/system/folder_without_links.h"
#include "common/system/io.h"

namespace together {
namespace {

constexpr mode_t for_everybody = 0644;
constexpr int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;

// Not AtomicFile, which goes by paths: the folder's owner could put a link into one meanwhile.
Result<void> write_new(int folder, const std::string& name, const std::string& path,
                       std::string_view text) {
    const FileDescriptor file(::openat(folder, name.c_str(), flags, 0600));
    if (!file) return failure(errno_text("cannot make " + path, errno));
    if (!write_full(file.get(), text.data(), text.size()))
        return failure(errno_text("cannot write " + path, errno));
    if (const auto step = finish_file(file.get(), path, for_everybody); !step)
        return failure(step.error().message);
    return {};
}

}  // namespace

Result<void> write_textfile(const std::string& path, std::string_view text) {
    const auto folder = open_folder_without_links(folder_of(path));
    if (!folder) return tl::make_unexpected(folder.error());
    const auto name = path.substr(path.rfind('/') + 1);
    const auto new_name = name + ".new";
    ::unlinkat(folder->get(), new_name.c_str(), 0);
    auto result = write_new(folder->get(), new_name, path + ".new", text);
    if (result && ::renameat(folder->get(), new_name.c_str(), folder->get(), name.c_str()) != 0)
        result = failure(errno_text("cannot replace " + path, errno));
    if (!result) ::unlinkat(folder->get(), new_name.c_str(), 0);
    return result;
}

}  // namespace together

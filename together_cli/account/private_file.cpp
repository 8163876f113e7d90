// SPDX-License-Identifier: Apache-2.0
#include "together_cli/account/private_file.h"

#include <cerrno>
#include <cstdlib>
#include <filesystem>

#include "common/system/atomic_file.h"
#include "common/system/errno_text.h"
#include "common/system/folder_of.h"
#include "common/system/io.h"

namespace together::cli {
namespace {

constexpr off_t max_size = 65'536;

tl::unexpected<OpenFailure> unusable(std::string message) {
    return tl::make_unexpected(OpenFailure{FileError::unusable, std::move(message)});
}

std::string absolute_path_in(const char* variable) {
    const char* value = std::getenv(variable);
    return value != nullptr && *value == '/' ? value : "";
}

}  // namespace

tl::expected<PrivateText, OpenFailure> read_private(const std::string& path, Links links,
                                                    const std::string& advice) {
    const auto file = open_trusted(path, links);
    if (!file) return tl::make_unexpected(file.error());
    if ((file->status.st_mode & 077) != 0)
        return unusable(path + " has your token and can be read by others: " + advice);
    if (file->status.st_size > max_size) return unusable(path + " is too large");
    std::string text(static_cast<std::size_t>(file->status.st_size), '\0');
    const auto got = read_full_at(file->descriptor.get(), text.data(), text.size(), 0);
    if (got < 0) return unusable(errno_text("cannot read " + path, errno));
    text.resize(static_cast<std::size_t>(got));
    return PrivateText{std::move(text), file->status.st_mtim.tv_sec};
}

Result<void> make_private_folder(const std::string& folder) {
    std::error_code error;
    std::filesystem::create_directories(folder_of(folder), error);
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
        return failure(errno_text("cannot make " + folder, errno));
    return {};
}

Result<void> write_private(const std::string& path, const std::string& text) {
    if (auto made = make_private_folder(folder_of(path)); !made) return made;
    return replace_file(AtomicFile(path), text, 0600);
}

std::string private_folder(const char* variable, const char* below_home) {
    if (const auto folder = absolute_path_in(variable); !folder.empty())
        return folder + "/together";
    const auto home = absolute_path_in("HOME");
    return home.empty() ? "" : home + below_home + "/together";
}

}  // namespace together::cli

// A file of the system that we edit: read whole, replaced whole.
#pragma once

#include <sys/stat.h>

#include <string>

#include "result.h"

namespace togetherctl {

inline constexpr const char* backup_suffix = ".before-together";

// What is edited, links resolved.
struct EditedFile {
    std::string path;    // as it was named
    std::string target;  // where it really stands
    std::string text;
    struct stat status {};
};

// Fails where it is missing, no regular file, larger than a megabyte, or where somebody but root
// and us could write it or exchange it under our hands, on any of its folders.
together::Result<EditedFile> read_for_editing(const std::string& path);

enum class WriteError {
    made_elsewhere,  // read-only, immutable, mounted over: whoever makes it must add the lines
    failed,
};
struct WriteFailure {
    WriteError kind = WriteError::failed;
    std::string message;
};

// Replaces the target by rename, synced, with its owner, mode and extended attributes; a reader
// sees the old file or the new one. Fails where the file is no longer the one that was read.
tl::expected<void, WriteFailure> replace(const EditedFile& file, const std::string& text);

// Keeps the text that was read in TARGET.before-together, with the file's owner and mode.
tl::expected<void, WriteFailure> keep_backup(const EditedFile& file);
// Takes the backup away where it is the same as `text`; true where there is none left.
bool drop_backup(const EditedFile& file, const std::string& text);

// A new file of root's at that path, or an old one replaced; its folder must be root's alone.
tl::expected<void, WriteFailure> write_new(const std::string& path, const std::string& text,
                                           mode_t mode);

// Why somebody else could exchange what stands in that folder; empty where nobody can.
std::string why_folder_unsafe(const std::string& folder);

}  // namespace togetherctl

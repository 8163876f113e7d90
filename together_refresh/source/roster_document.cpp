// SPDX-License-Identifier: Apache-2.0
#include "together_refresh/source/roster_document.h"

#include <cstdint>

#include "common/accounts/ssh_key.h"
#include "common/roles/identifiers.h"
#include "strict_json/strict_json.h"

namespace together {
namespace {

// What is wrong, thrown nowhere: the first problem is kept, later ones follow from it.
class DocumentReader {
  public:
    explicit DocumentReader(std::string place) : place_(std::move(place)) {}

    // Null where it is absent.
    static const Json::Value* optional_field(const Json::Value& object, const char* name) {
        return object.find(name, name + std::char_traits<char>::length(name));
    }

    const Json::Value* field(const Json::Value& object, const char* name) {
        const auto* value = optional_field(object, name);
        if (value == nullptr) complain(name, "is missing");
        return value;
    }

    std::string text(const Json::Value& object, const char* name, std::size_t longest) {
        const auto* value = field(object, name);
        if (value == nullptr) return {};
        if (!value->isString()) return complain(name, "is not a string");
        auto result = value->asString();
        // An escape can say what bytes may not: half a surrogate pair.
        if (result.empty() || result.size() > longest || !is_printable(result) || !is_utf8(result))
            return complain(name, "is empty, too long or has characters that cannot be shown");
        return result;
    }

    // A string or null; null reads as nothing.
    std::optional<std::string> text_or_null(const Json::Value& object, const char* name) {
        const auto* value = field(object, name);
        if (value == nullptr || value->isNull()) return std::nullopt;
        if (!value->isString()) {
            complain(name, "is neither a string nor null");
            return std::nullopt;
        }
        return value->asString();
    }

    // False where it is absent.
    bool optional_boolean(const Json::Value& object, const char* name) {
        const auto* value = optional_field(object, name);
        if (value == nullptr) return false;
        if (!value->isBool()) complain(name, "is neither true nor false");
        return value->isBool() && value->asBool();
    }

    void constant(const Json::Value& object, const char* name, const std::string& expected) {
        const auto* value = field(object, name);
        if (value != nullptr && (!value->isString() || value->asString() != expected))
            complain(name, "is not \"" + expected + "\"");
    }

    std::optional<std::uint64_t> number(const Json::Value& value, const char* name,
                                        std::uint64_t most) {
        // isUInt64() also takes 1.0, which no authority that counts would send.
        const bool whole = value.type() == Json::intValue || value.type() == Json::uintValue;
        if (whole && value.isUInt64() && value.asUInt64() <= most) return value.asUInt64();
        complain(name, "is not a whole number from 0 to " + std::to_string(most));
        return std::nullopt;
    }

    // Null and absent are nothing.
    std::optional<gid_t> optional_gid(const Json::Value& object, const char* name) {
        const auto* value = optional_field(object, name);
        if (value == nullptr || value->isNull()) return std::nullopt;
        const auto gid = number(*value, name, no_uid - 1);
        return gid ? std::optional(static_cast<gid_t>(*gid)) : std::nullopt;
    }

    std::string complain(const char* name, const std::string& what) {
        if (problem_.empty()) problem_ = place_ + name + " " + what;
        return {};
    }

    const std::string& problem() const { return problem_; }

  private:
    std::string place_;
    std::string problem_;
};

std::string place_of(Json::ArrayIndex index) {
    return "data[" + std::to_string(index) + "].";
}

using Keys = std::vector<std::string_view>;

// They point into the entry.
Keys read_keys(const Json::Value& entry, DocumentReader& reader, RosterPage& page) {
    Keys keys;
    const auto* list = DocumentReader::optional_field(entry, "ssh_keys");
    if (list == nullptr) return keys;
    if (!list->isArray()) {
        reader.complain("ssh_keys", "is not an array");
        return keys;
    }
    for (const auto& text : *list) {
        if (!text.isString()) {
            reader.complain("ssh_keys", "has an element that is not a string");
            return keys;
        }
        const char* begin = nullptr;
        const char* end = nullptr;
        text.getString(&begin, &end);
        const auto key = canonical_ssh_key({begin, end});
        if (key && keys.size() < max_ssh_keys)
            keys.push_back(*key);
        else
            ++page.keys_left_out;
    }
    return keys;
}

void read_group(const Json::Value& root, RosterPage& page, DocumentReader& list) {
    const auto* value = DocumentReader::optional_field(root, "group");
    if (value == nullptr || value->isNull()) return;
    if (!value->isObject()) {
        list.complain("group", "is not an object");
        return;
    }
    DocumentReader reader("group.");
    RosterGroup group;
    // Without one the node names it.
    if (const auto* name = DocumentReader::optional_field(*value, "name"); name && !name->isNull())
        group.name = reader.text(*value, "name", max_group_name);
    group.gid = reader.optional_gid(*value, "gid");
    group.admin_gid = reader.optional_gid(*value, "admin_gid");
    if (!reader.problem().empty()) list.complain("", reader.problem());
    page.accounts.group = std::move(group);
}

std::optional<std::string> read_entry(const Json::Value& value, Json::ArrayIndex index,
                                      Include include, RosterPage& page) {
    if (!value.isObject()) return "data[" + std::to_string(index) + "] is not an object";
    DocumentReader reader(place_of(index));
    reader.constant(value, "object", "project.collaborator");
    RosterEntry entry;
    entry.user_id = reader.text(value, "user_id", max_user_id);
    entry.role = reader.text(value, "role", max_role);
    entry.external = reader.optional_boolean(value, "external");
    if (const auto* uid = DocumentReader::optional_field(value, "uid");
        uid != nullptr && !uid->isNull())
        if (const auto number = reader.number(*uid, "uid", no_uid - 1)) {
            entry.uid = static_cast<uid_t>(*number);
            entry.uid_source = UidSource::authority;
        }
    const auto login = reader.text_or_null(value, "login");
    auto keys = include == Include::accounts ? read_keys(value, reader, page) : Keys();
    if (!reader.problem().empty()) return reader.problem();
    if (login && is_login(*login)) {
        entry.login = *login;
        for (const auto key : keys) page.accounts.keys.push_back({*login, std::string(key)});
        page.entries.push_back(std::move(entry));
    } else {
        page.left_out.push_back(entry.user_id);
    }
    return std::nullopt;
}

std::optional<std::string> read_list(const Json::Value& root, const std::string& project,
                                     Include include, RosterPage& page) {
    if (!root.isObject()) return "it is not an object";
    DocumentReader reader("");
    reader.constant(root, "object", "list");
    reader.constant(root, "project_id", project);
    page.next_cursor = reader.text_or_null(root, "next_cursor").value_or("");
    if (root.isMember("revision"))
        if (const auto number = reader.number(root["revision"], "revision", INT64_MAX))
            page.revision = static_cast<std::int64_t>(*number);
    if (include == Include::accounts) read_group(root, page, reader);
    const auto* data = reader.field(root, "data");
    if (data != nullptr && !data->isArray()) reader.complain("data", "is not an array");
    if (!reader.problem().empty()) return reader.problem();
    return std::nullopt;
}

std::optional<std::string> read_entries(const Json::Value& data, Include include,
                                        RosterPage& page) {
    page.entries.reserve(data.size());
    if (include == Include::accounts) page.accounts.keys.reserve(data.size());
    for (Json::ArrayIndex i = 0; i < data.size(); ++i)
        if (auto problem = read_entry(data[i], i, include, page)) return problem;
    return std::nullopt;
}

using Part = PageRefusal::Part;

tl::unexpected<PageRefusal> refusal(Part part, std::string message) {
    return tl::unexpected<PageRefusal>({part, std::move(message)});
}

}  // namespace

tl::expected<RosterPage, PageRefusal> parse_roster_page(std::string_view json,
                                                        const std::string& project, Include include,
                                                        std::size_t max_values) {
    // Authorities of others may send one, and a reader may overlook it (RFC 8259, 8.1).
    constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
    if (json.starts_with(byte_order_mark)) json.remove_prefix(byte_order_mark.size());
    const auto root = parse_strict_json(json, {max_values, 32});
    if (!root) return refusal(Part::syntax, "the roster is " + root.error());
    RosterPage page;
    if (const auto wrong = read_list(*root, project, include, page))
        return refusal(Part::list, "the roster is refused: " + *wrong);
    if (const auto wrong = read_entries((*root)["data"], include, page))
        return refusal(Part::entries, "the roster is refused: " + *wrong);
    return page;
}

bool is_valid_group(const RosterGroup& group) {
    return group.name.size() <= max_group_name && is_printable(group.name) && is_utf8(group.name) &&
           group.gid != no_uid && group.admin_gid != no_uid;
}

bool is_valid_entry(const RosterEntry& entry) {
    return is_login(entry.login) && !entry.role.empty() && entry.role.size() <= max_role &&
           is_printable(entry.role) && is_utf8(entry.role) && !entry.user_id.empty() &&
           entry.user_id.size() <= max_user_id && is_printable(entry.user_id) &&
           is_utf8(entry.user_id) && (entry.uid_source == UidSource::none || entry.uid != no_uid);
}

}  // namespace together

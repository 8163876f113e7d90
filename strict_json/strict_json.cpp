// SPDX-License-Identifier: Apache-2.0
#include "strict_json/strict_json.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "common/roles/identifiers.h"
#include "common/system/parse_number.h"
#include "common/system/parse_real.h"

namespace together {
namespace {

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

// Where digits end that must be there.
const char* after_digits(const char* at, const char* end) {
    if (at == end || !is_digit(*at)) return nullptr;
    while (at != end && is_digit(*at)) ++at;
    return at;
}

// Where a number ends, or nowhere where it is none: -? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] …)?
const char* after_number(const char* at, const char* end) {
    if (*at == '-') ++at;
    const bool zero = at != end && *at == '0';
    at = zero ? at + 1 : after_digits(at, end);
    if (at == nullptr || (zero && at != end && is_digit(*at))) return nullptr;
    if (at != end && *at == '.') at = after_digits(at + 1, end);
    if (at != nullptr && at != end && (*at == 'e' || *at == 'E')) {
        ++at;
        if (at != end && (*at == '+' || *at == '-')) ++at;
        at = after_digits(at, end);
    }
    return at;
}

// Nothing where no type holds it.
std::optional<Json::Value> number_of(std::string_view text) {
    const bool whole = text.find_first_of(".eE") == text.npos;
    if (whole)
        if (const auto number = parse_number<Json::Int64>(text)) return Json::Value(*number);
    if (whole)
        if (const auto number = parse_number<Json::UInt64>(text)) return Json::Value(*number);
    const auto real = parse_real(text);
    return real ? std::optional<Json::Value>(*real) : std::nullopt;
}

void append_utf8(std::string& text, std::uint32_t point) {
    const auto tail = [&](unsigned shift) {
        text += static_cast<char>(0x80 | (point >> shift & 0x3f));
    };
    if (point < 0x80) {
        text += static_cast<char>(point);
    } else if (point < 0x800) {
        text += static_cast<char>(0xc0 | point >> 6);
        tail(0);
    } else if (point < 0x10000) {
        text += static_cast<char>(0xe0 | point >> 12);
        tail(6);
        tail(0);
    } else {
        text += static_cast<char>(0xf0 | point >> 18);
        tail(12);
        tail(6);
        tail(0);
    }
}

constexpr const char* wrong_string =
    "a string has no end, control characters, or half a surrogate pair";

// By recursive descent, as deep as the limit. Each part is false where it was none, with problem_.
class Parser {
  public:
    Parser(std::string_view text, const JsonLimits& limits)
        : begin_(text.data()), at_(begin_), end_(begin_ + text.size()), limits_(limits) {}

    tl::expected<Json::Value, std::string> parse() {
        Json::Value root;
        const bool is_one = value(root, 1) && ends();
        if (is_one && !root.isObject() && !root.isArray())
            (void)wrong("it is no object and no list");
        if (!problem_.empty()) return tl::unexpected(problem_);
        return root;
    }

  private:
    bool wrong(const std::string& what) {
        if (problem_.empty()) problem_ = what;
        return false;
    }

    bool unexpected() {
        const char c = at_ == end_ ? ' ' : *at_;
        if (c == '/') return wrong("it has comments");
        if (static_cast<unsigned char>(c) < ' ') return wrong("it has control characters");
        const auto line = 1 + std::count(begin_, at_, '\n');
        return wrong("Line " + std::to_string(line) + ", byte " + std::to_string(at_ - begin_) +
                     " of all: syntax error");
    }

    // Behind what is blank; NUL at the end too.
    char next() {
        while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) ++at_;
        return at_ == end_ ? '\0' : *at_;
    }

    bool ends() {
        (void)next();
        return at_ == end_ || unexpected();
    }

    bool skip(char c) {
        if (next() != c || at_ == end_) return unexpected();
        ++at_;
        return true;
    }

    bool value(Json::Value& into, int depth) {
        if (++values_ > limits_.values)
            return wrong("it has more than " + std::to_string(limits_.values) + " values");
        if (depth > limits_.depth) return wrong("it is nested too deeply");
        const char first = next();
        const auto start = at_ - begin_;
        if (!value_that_begins_with(first, into, depth)) return false;
        into.setOffsetStart(start);
        into.setOffsetLimit(at_ - begin_);
        return true;
    }

    bool value_that_begins_with(char first, Json::Value& into, int depth) {
        switch (first) {
            case '{':
                return object(into, depth);
            case '[':
                return list(into, depth);
            case '"':
                return string(into);
            case 't':
                return word("true", into, true);
            case 'f':
                return word("false", into, false);
            case 'n':
                return word("null", into, {});
            default:
                return number(into);
        }
    }

    bool object(Json::Value& into, int depth) {
        into = Json::Value(Json::objectValue);
        ++at_;
        if (next() == '}') return skip('}');
        while (true) {
            if (next() != '"') return unexpected();
            const auto name = text();
            if (!name || !skip(':')) return false;
            const auto before = into.size();
            auto& member = *into.demand(name->data(), name->data() + name->size());
            if (into.size() == before)
                return wrong("Duplicate key: '" + std::string(name->substr(0, 100)) + "'");
            if (!value(member, depth + 1)) return false;
            if (next() != ',') return skip('}');
            ++at_;
        }
    }

    bool list(Json::Value& into, int depth) {
        into = Json::Value(Json::arrayValue);
        ++at_;
        if (next() == ']') return skip(']');
        while (true) {
            if (!value(into[into.size()], depth + 1)) return false;
            if (next() != ',') return skip(']');
            ++at_;
        }
    }

    bool word(std::string_view expected, Json::Value& into, const Json::Value& meant) {
        if (std::string_view(at_, static_cast<std::size_t>(end_ - at_))
                .substr(0, expected.size()) != expected)
            return unexpected();
        at_ += expected.size();
        into = meant;
        return true;
    }

    bool number(Json::Value& into) {
        if (at_ == end_ || (*at_ != '-' && *at_ != '+' && !is_digit(*at_))) return unexpected();
        const char* const end = after_number(at_, end_);
        if (end == nullptr) return wrong("a number is malformed");
        auto parsed = number_of({at_, static_cast<std::size_t>(end - at_)});
        if (!parsed) return wrong("a number is too large");
        into = std::move(*parsed);
        at_ = end;
        return true;
    }

    bool string(Json::Value& into) {
        const auto found = text();
        if (found) into = Json::Value(found->data(), found->data() + found->size());
        return found.has_value();
    }

    // Good until the next one. at_ is at its first quote.
    std::optional<std::string_view> text() {
        const char* const first = ++at_;
        while (at_ != end_ && *at_ != '"' && *at_ != '\\' &&
               static_cast<unsigned char>(*at_) >= ' ')
            ++at_;
        if (at_ != end_ && *at_ == '"')
            return std::string_view(first, static_cast<std::size_t>(at_++ - first));
        unescaped_.assign(first, at_);
        while (at_ != end_ && static_cast<unsigned char>(*at_) >= ' ') {
            if (*at_ == '"') {
                ++at_;
                return unescaped_;
            }
            if (*at_ != '\\')
                unescaped_ += *at_++;
            else if (!escape())
                break;
        }
        (void)wrong(wrong_string);
        return std::nullopt;
    }

    bool escape() {
        constexpr std::string_view letters = "\"\\/bfnrt", meant = "\"\\/\b\f\n\r\t";
        if (++at_ == end_) return false;
        if (*at_ == 'u') return unicode();
        const auto which = letters.find(*at_++);
        if (which == std::string_view::npos) return wrong("a string has an unknown escape");
        unescaped_ += meant[which];
        return true;
    }

    // "\uD83D\uDE00" is one character.
    bool unicode() {
        auto point = unit();
        if (!point || is_second_half(*point)) return false;
        if (*point >= 0xd800 && *point < 0xdc00) {
            if (end_ - at_ < 2 || *at_++ != '\\' || *at_ != 'u') return false;
            const auto second = unit();
            if (!second || !is_second_half(*second)) return false;
            *point = 0x10000 + ((*point - 0xd800) << 10) + (*second - 0xdc00);
        }
        append_utf8(unescaped_, *point);
        return true;
    }

    static bool is_second_half(std::uint32_t unit) { return unit >= 0xdc00 && unit < 0xe000; }

    // at_ is at its 'u'.
    std::optional<std::uint32_t> unit() {
        if (end_ - at_ < 5) return std::nullopt;
        const std::string_view digits(at_ + 1, 4);
        at_ += 5;
        return parse_number<std::uint32_t>(digits, 16);
    }

    const char* const begin_;
    const char* at_;
    const char* const end_;
    const JsonLimits& limits_;
    std::size_t values_ = 0;
    std::string unescaped_, problem_;
};

}  // namespace

tl::expected<Json::Value, std::string> parse_strict_json(std::string_view text,
                                                         const JsonLimits& limits) {
    if (!is_utf8(text)) return tl::unexpected<std::string>("not UTF-8");
    auto parsed = text.starts_with("\xef\xbb\xbf")
                      ? tl::unexpected<std::string>("it begins with a byte order mark")
                      : Parser(text, limits).parse();
    if (!parsed) return tl::unexpected("not JSON: " + parsed.error());
    return parsed;
}

}  // namespace together

// SPDX-License-Identifier: Apache-2.0
// The forms of [api] base_url.
#include "common/config/base_url.h"

#include <CppUTest/TestHarness.h>

#include "tests/unit/support/texts.h"

using namespace together;

namespace {

std::string parsed(const std::string& text) {
    const auto url = parse_base_url(text);
    return url ? *url : "error: " + url.error().message;
}

}  // namespace

TEST_GROUP(base_url){};

TEST(base_url, is_https_to_any_host) {
    for (const char* url : {"https://api.example.com/v1", "https://api.example.com",
                            "https://192.0.2.1:8443/v1", "https://[2001:db8::1]/v1"})
        TEXT_EQUAL(url, parsed(url));
}

TEST(base_url, loses_the_slashes_at_its_end) {
    TEXT_EQUAL("https://api.example.com/v1", parsed("https://api.example.com/v1/"));
    TEXT_EQUAL("https://api.example.com/v1", parsed("https://api.example.com/v1///"));
    TEXT_EQUAL("http://127.0.0.1:8080", parsed("http://127.0.0.1:8080/"));
}

TEST(base_url, is_plain_http_on_a_loopback_address) {
    for (const char* url : {"http://127.0.0.1:8080/v1", "http://127.0.0.1", "http://127.9.9.9/v1",
                            "http://[::1]:8080/v1", "http://[::1]", "http://[::1]/v1"})
        TEXT_EQUAL(url, parsed(url));
}

TEST(base_url, is_never_plain_http_elsewhere) {
    for (const char* url :
         {"http://api.example.com/v1", "http://localhost/v1", "http://126.0.0.1/v1",
          "http://128.0.0.1/v1", "http://127.0.0.1.example.com/v1", "http://127.1/v1",
          "http://0x7f000001/v1", "http://2130706433/v1", "http://[::2]/v1", "http://[::1]x/v1",
          "http://[::11]/v1", "http://[::ffff:127.0.0.1]/v1", "http://127.0.0.1%2eexample.com/v1",
          "http://0.0.0.0/v1", "http://127.0.0.1;x/v1"})
        TEXT_CONTAINS("plain http is for a loopback address", parsed(url));
}

TEST(base_url, carries_no_name_and_no_password) {
    for (const char* url : {"https://user@api.example.com/v1", "https://user:pw@api.example.com",
                            "http://127.0.0.1@evil.example/v1", "http://127.0.0.1:80@evil.example"})
        TEXT_CONTAINS("the token has a file of its own", parsed(url));
}

TEST(base_url, may_have_an_at_sign_in_its_path) {
    TEXT_EQUAL("https://api.example.com/@v1", parsed("https://api.example.com/@v1"));
}

TEST(base_url, has_no_query_no_fragment_and_no_blanks) {
    for (const char* url :
         {"https://api.example.com/v1?a=b", "https://api.example.com/v1#top",
          "https://api.example.com/v 1", "https://api.example.com/\x01", "https://a\\b/v1",
          "https://api.example.com/\"", "https://<host>/v1", "file:///etc/roster.json?x"})
        TEXT_CONTAINS("not a plain URL", parsed(url));
}

TEST(base_url, names_a_host) {
    for (const char* url : {"https:///v1", "https://:443/v1", "http://:80/"})
        TEXT_CONTAINS("no host", parsed(url));
    for (const char* url : {"https://", "https:////", "http://"})
        TEXT_CONTAINS("error: ", parsed(url));
}

TEST(base_url, has_a_port_that_is_a_number) {
    for (const char* url : {"https://api.example.com:x/v1", "http://127.0.0.1:80.example.com/v1",
                            "http://[::1]:http/v1", "https://api.example.com:/v1",
                            "https://api.example.com:123456/v1"})
        TEXT_CONTAINS("error: ", parsed(url));
}

TEST(base_url, can_be_a_file) {
    TEXT_EQUAL("file:///etc/together/roster.json", parsed("file:///etc/together/roster.json"));
    TEXT_CONTAINS("names a folder", parsed("file:///etc/together/"));
    TEXT_CONTAINS("names a folder", parsed("file:///"));
}

TEST(base_url, of_a_file_has_no_host) {
    for (const char* url : {"file://roster.json", "file://localhost/etc/roster.json", "file:/x"})
        TEXT_CONTAINS("must begin with", parsed(url));
}

TEST(base_url, knows_no_other_scheme) {
    for (const char* url : {"", "api.example.com", "ftp://api.example.com", "HTTPS://example.com",
                            "//api.example.com/v1", "unix:///run/x", "/etc/roster.json"})
        TEXT_CONTAINS("must begin with https://, http:// (loopback only) or file:///", parsed(url));
}

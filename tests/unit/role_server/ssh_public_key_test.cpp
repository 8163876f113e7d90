// SPDX-License-Identifier: Apache-2.0
// Keys made by ssh-keygen of OpenSSH 9.2, with what `ssh-keygen -l` said of them.
#include "role_server/base/ssh_public_key.h"

#include <CppUTest/TestHarness.h>

using namespace together::roled;

namespace {

struct Known {
    const char* text;
    const char* fingerprint;
};
constexpr Known known_keys[] = {
    {"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOQ2ftkMeB4PA+1SZTaPkEvn6umr4CFgpVCCZ6pfQDp6",
     "SHA256:L6eYqLizdToHFPqduYAt90Nbt3dE1YDaGCGCCmkQlgM"},
    {"ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBEFFSnHD"
     "GgmbzYjyocNq3AwdNHmmxuqhO5SvTNG3XPMdQpwF7PSVJOQAiHsdsystea7HfjGpU/YiAeizMoROifk=",
     "SHA256:kxud+rJjfSy8ETD6snhzZ1pnrfkdc6YTxxNfgyxUGLw"},
    {"ecdsa-sha2-nistp384 AAAAE2VjZHNhLXNoYTItbmlzdHAzODQAAAAIbmlzdHAzODQAAABhBAl6MbEV"
     "nbtSyjweLBuqvlu+rRTlOJOjh2nVE12nhZOw+/nOpdblyI8Gd9M4m7r16c/C9dNWThU9RQAMqM0an0Cr"
     "BQ8XwluzQU3EuNqNoKxuMQ6KC6GUx29GravoWhLa+A==",
     "SHA256:OpNIFl+kY3PU4hrWl2E+cLi03xMYI+iQ6R1yyh6jMn8"},
    {"ecdsa-sha2-nistp521 AAAAE2VjZHNhLXNoYTItbmlzdHA1MjEAAAAIbmlzdHA1MjEAAACFBAG2egHe"
     "/TwZSICc7HYg0aJM/12Bhyznx0SNeB8vaIhuQxnZs/IHTCMw/JZKcVlAjNh1Z5uSj0K1JwOvI7q3Bq+w"
     "yQBJ5Q2KKYyHbRfFizjSOY5E8limbDSGLPaUnqx8wxTWHGHKYTB3vyhZ7wHQLA/sIjvpOLEfeSYctNca"
     "PPD3Qct1CQ==",
     "SHA256:6BEp3dJwCVC9RwipF178DaZGuyKg8sNRwo4jzpUjNy4"},
    {"ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQCXaG9CQF23rwbob7Ov5dUUzyieCGaQXqxxqDncfHZm"
     "eV8sRbGVmD3+xhpvMBuBgZAcJtuSydhhopm2TsvUQ9sa9UO86AGPIgiJG0TLQ5ntOUvRSJL5IOx0d6gz"
     "1cN2KPm/xUhyJ5Iy39Ro7h7bzWW0kRgrvPoOjGWv+HO49yawYv1TGZEIUGRqPURyQUjAFmHZeuuFDkSH"
     "ounBARkxtR1ZijHcmXaME/16PlcKw1IYmdhQfUxnRuhHpr2vM8vLMO4v+OSRGE9A3Gl+uLqQLhzdQ50U"
     "gKM7alIE42JWtYRZVIJONpnatAfRq8/lka1B3XtqUAWS7yRzN+QNvqUORgd0uB5qUYoyaTicy35xywzi"
     "MotYiwvh2EH48Z5nHth9kO4RZtOsLVy3sjyISOsYT/HLQcFV6igi5v0KTHoRC1irUwjZ5Y5tITaRM7ia"
     "rUljAeZLYjfgeUYyxo+CdcUaWSLPqvdFBvRBMBbmiKGf8poRY1nzaAmIZmoX4KqReXe22MM=",
     "SHA256:fSZ5cPAIOCCPGCBn9ak+gYwWsRHS7XybUUMbTIDH88c"},
    {"sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIOQ2ftkMe"
     "B4PA+1SZTaPkEvn6umr4CFgpVCCZ6pfQDp6AAAABHNzaDo=",
     "SHA256:YrI1XZjO8tcG87sInMcZ/iP6CBVUCFqFNweR1x8izuw"},
    {"sk-ecdsa-sha2-nistp256@openssh.com AAAAInNrLWVjZHNhLXNoYTItbmlzdHAyNTZAb3BlbnNza"
     "C5jb20AAAAIbmlzdHAyNTYAAABBBEFFSnHDGgmbzYjyocNq3AwdNHmmxuqhO5SvTNG3XPMdQpwF7PSVJ"
     "OQAiHsdsystea7HfjGpU/YiAeizMoROifkAAAAEc3NoOg==",
     "SHA256:rTl96QiMit9oyDGx/g4NPEXymR3plh/l2Mj6PcWNoNI"},
};
constexpr const char* short_rsa =
    "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQCZ9qM42Z3o2F1NFD8HVACcZOzeUCllnbidr5UmIg1p"
    "dV5ygLN3N47MYXx336/Ot3kUqP4g0zP3ycEzm4PDfQXlYh1ISFojYqJ3ybUQXHXxBp2XKF0vedTOZFsU"
    "0d0f340jUZEvYgOfeiWPksY1+8Oyz/Twj5xqr5DHtuTQc2BLMXNIe7bBWd9qCrs86Qvg6GrBBeBIQ400"
    "H+MJfBIvFFmVpMOMTnrGKS/Sr+MDrJZ4QNPcXab3uHo7fBD73LWEoxcfgHsnqqI0BJlL73s3UgMIBg1g"
    "cIYj9AQWpOAbGQVip2BWbkoHHIPIMXBtkRx2APSa/EY9bgrQd7IH+roSLczb";
constexpr const char* with_more_behind =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOQ2ftkMeB4PA+1SZTaPkEvn6umr4CFgpVCCZ6pfQDp6"
    "AAAA";

void is_refused(const std::string& line, const char* because) {
    const auto key = read_ssh_public_key(line);
    CHECK_FALSE(key.has_value());
    STRCMP_CONTAINS(because, key.error().message.c_str());
    STRCMP_EQUAL("public_key", key.error().param.c_str());
}

}  // namespace

TEST_GROUP(SshPublicKeyTest){};

TEST(SshPublicKeyTest, each_kind_is_read_with_the_fingerprint_that_ssh_keygen_says) {
    for (const auto& known : known_keys) {
        const auto key = read_ssh_public_key(std::string(known.text) + " ann@laptop");
        CHECK(key.has_value());
        STRCMP_EQUAL(known.text, key->text.c_str());
        STRCMP_EQUAL(known.fingerprint, key->fingerprint.c_str());
        STRCMP_EQUAL("ann@laptop", key->comment.c_str());
    }
}

TEST(SshPublicKeyTest, a_line_of_a_file_with_its_end) {
    CHECK(read_ssh_public_key(std::string(known_keys[0].text) + "\n").has_value());
    is_refused(std::string(known_keys[0].text) + "\n" + known_keys[0].text, "more than one line");
}

TEST(SshPublicKeyTest, what_would_be_sshds_to_obey_is_refused) {
    const std::string key = known_keys[0].text;
    is_refused("command=\"id\" " + key, "begins with 'command=");
    is_refused("restrict " + key, "begins with 'restrict'");
    is_refused("cert-authority " + key, "begins with 'cert-authority'");
    is_refused("ssh-ed25519-cert-v01@openssh.com AAAA", "begins with 'ssh-ed25519-cert");
    is_refused("ssh-dss AAAAB3NzaC1kc3M=", "begins with 'ssh-dss'");
}

TEST(SshPublicKeyTest, a_short_rsa_key_is_refused) {
    is_refused(short_rsa, "RSA key of 2048 bits");
}

TEST(SshPublicKeyTest, kind_and_blob_belong_together) {
    const std::string blob = std::string(known_keys[0].text).substr(12);
    is_refused("ecdsa-sha2-nistp256 " + blob, "do not belong together");
}

TEST(SshPublicKeyTest, each_cut_of_a_key_is_refused) {
    for (const auto& known : known_keys) {
        const std::string whole = known.text;
        for (std::size_t length = 0; length < whole.size(); ++length)
            CHECK_FALSE(read_ssh_public_key(whole.substr(0, length)).has_value());
    }
}

TEST(SshPublicKeyTest, nothing_may_follow_the_key_in_its_blob) {
    is_refused(with_more_behind, "something follows it");
}

// SPDX-License-Identifier: Apache-2.0
// Each key of together.conf: its default, good values, bad values at each bound.
#include "common/config/config_keys.h"

#include <CppUTest/TestHarness.h>

#include <map>

#include "tests/unit/support/config_folder.h"
#include "tests/unit/support/texts.h"

using namespace together;
using namespace std::chrono_literals;

TEST_GROUP(config_keys) {
    ConfigFolder folder;

    // together.conf with one key more, after the two that must be.
    Result<NodeConfig> with(const std::string& section, const std::string& setting) const {
        folder.write("together.conf",
                     ConfigFolder::required() + "[" + section + "]\n" + setting + "\n");
        return folder.load();
    }
    void good(const std::string& section, const std::string& setting) const {
        const auto config = with(section, setting);
        CHECK_TEXT(config.has_value(), setting.c_str());
    }
    // Names file, line and key, then says what is wrong.
    void bad(const std::string& section, const std::string& setting, const char* what) const {
        const auto config = with(section, setting);
        CHECK_TEXT(!config, setting.c_str());
        const auto key = setting.substr(0, setting.find(' '));
        TEXT_CONTAINS(folder.path() + ":5: " + key + ": ", config.error().message);
        TEXT_CONTAINS(what, config.error().message);
    }
    void bad_api(const std::string& setting, const std::string& what) const {
        const auto key = setting.substr(0, setting.find(' '));
        const std::string other = key == "project" ? "base_url = https://a/v1" : "project = proj_a";
        TEXT_EQUAL(folder.path() + ":3: " + key + ": " + what,
                   folder.error_of("[api]\n" + other + "\n" + setting + "\n"));
    }
    NodeConfig config_with(const std::string& section, const std::string& setting) const {
        auto config = with(section, setting);
        if (!config) FAIL(config.error().message.c_str());
        return *std::move(config);
    }
    Nanoseconds duration(const std::string& setting, Nanoseconds Config::*field) const {
        return config_with("roster", setting).*field;
    }
};

TEST(config_keys, have_the_defaults_of_the_manual) {
    const auto config = *folder.load();
    TEXT_EQUAL("/etc/together/token", config.token_file);
    TEXT_EQUAL("", config.ca_file);
    TEXT_EQUAL("", config.proxy);
    TEXT_EQUAL("/var/cache/together", config.directory);
    CHECK_TRUE(config.fresh_for == 30s);
    CHECK_TRUE(config.recheck_after == 2s);
    CHECK_TRUE(config.stale_for == Nanoseconds(8h));
    CHECK_TRUE(config.deadline == 3s);
    TEXT_CONTAINS("/together/together-refresh", config.refresh_program);
    CHECK_TRUE(config.refresh_program.starts_with('/'));
    CHECK_TRUE(config.exempt_logins.empty());
    CHECK_TRUE(config.exempt_uids.empty());
    LONGS_EQUAL(1000, config.min_uid);
    TEXT_EQUAL("", config.contact);
    CHECK_TRUE(config.mode == Mode::enforce);
    CHECK_TRUE(config.kubernetes == KubernetesConfig());
    CHECK_TRUE(config.http == HttpConfig());
}

TEST(config_keys, kubernetes_listens_beyond_this_machine_only_with_a_client_ca) {
    const std::string tls = "\ntls_cert = /c\ntls_key = /k";
    good("kubernetes", "listen = 127.0.0.1:9443" + tls);
    good("kubernetes", "listen = [::1]:9443" + tls);
    good("kubernetes", "listen = 10.0.0.1:9443" + tls + "\nclient_ca = /ca");
    for (const auto* wrong : {"localhost:9443", "::1:9443", "127.0.0.1", "127.0.0.1:0", "[::1"})
        bad("kubernetes", std::string("listen = ") + wrong, "not of the form");
    TEXT_CONTAINS("that needs a client_ca",
                  with("kubernetes", "listen = 0.0.0.0:9443" + tls).error().message);
    TEXT_CONTAINS("[kubernetes] tls_cert is missing",
                  with("kubernetes", "listen = 127.0.0.1:9443").error().message);
}

TEST(config_keys, namespaces_are_never_those_of_kubernetes_itself) {
    const auto config = config_with("kubernetes", "namespaces = default, team-*");
    LONGS_EQUAL(2, config.kubernetes.namespaces.size());
    for (const auto* wrong : {"kube-system", "default kube-public", "kube-node-lease", "kube-*"})
        bad("kubernetes", std::string("namespaces = ") + wrong, "Kubernetes' own");
    for (const auto* wrong : {"*", "a*b", "Default", "-a"})
        bad("kubernetes", std::string("namespaces = ") + wrong, "is no namespace");
}

TEST(config_keys, a_username_prefix_is_not_kubernetes_own) {
    good("kubernetes", "username_prefix =");
    good("kubernetes", "username_prefix = oidc:");
    bad("kubernetes", "username_prefix = system:node:", "Kubernetes' own");
}

TEST(config_keys, http_listens_on_this_machine_alone) {
    good("metrics", "textfile = /var/lib/prometheus/node-exporter/together.prom");
    good("metrics", "senders = slurmctl, together");
    bad("metrics", "textfile = together.prom", "textfile: not an absolute path");
    bad("metrics", "textfile = /etc/passwd", "textfile: does not end with .prom");
    bad("metrics", "senders = a:b", "senders: \"a:b\" is no login");
    good("http", "listen = unix:/run/together-authorizer/http.sock");
    good("http", "listen = 127.0.0.1:9480");
    good("http", "listen = off");
    bad("http", "listen = 0.0.0.0:9480", "must be a path or a loopback address");
    bad("http", "listen = unix:authorizer.sock", "not an absolute path");
    bad("http", "listen = /run/a.sock", "not of the form");
}

TEST(config_keys, are_shown_in_force_in_the_order_of_the_manual) {
    folder.write("together.conf", ConfigFolder::required() +
                                      "[roster]\nstale_for = forever\nfresh_for = 500ms\n"
                                      "[gate]\nexempt_users = alice 12, root\nmode = observe\n");
    std::string shown;
    for (const auto& [name, value] : settings_in_force(*folder.load()))
        shown += name + "=" + value + "\n";
    TEXT_EQUAL(
        "api.base_url=https://api.example.com/v1\napi.project=proj_a\n"
        "api.token_file=/etc/together/token\napi.ca_file=\napi.proxy=\n"
        "api.node_name=\napi.report_last_seen=no\n"
        "roster.directory=/var/cache/together\nroster.fresh_for=500ms\nroster.recheck_after=2s\n"
        "roster.stale_for=forever\nroster.local_fault_for=15m\nroster.deadline=3s\nroster.refresh_"
        "program=" +
            folder.load()->refresh_program +
            "\ngate.exempt_users=root alice 12\ngate.min_uid=1000\ngate.contact=\n"
            "gate.mode=observe\ngate.without_door=open\n"
            "gate.on_removal=leave\ngate.on_removal_grace=1m\ngate.on_removal_limit=\n"
            "accounts.enabled=no\naccounts.uid_range=10000-59999\naccounts.gid_range=10000-59999\n"
            "accounts.home=/home/%u\naccounts.shell=/bin/bash\naccounts.group=\n"
            "accounts.group_members=yes\naccounts.keep_removed=90d\naccounts.reserved_logins=\n"
            "metrics.textfile=\nmetrics.senders=slurm together-authorizer\n"
            "kubernetes.listen=off\nkubernetes.tls_cert=\nkubernetes.tls_key=\n"
            "kubernetes.client_ca=\nkubernetes.username_prefix=together:\n"
            "kubernetes.namespaces=\nhttp.listen=off\nhttp.map_file=\n",
        shown);
}

TEST(config_keys, base_url_is_checked) {
    bad_api("base_url = http://api.example.com/v1",
            "plain http is for a loopback address such as 127.0.0.1 or [::1] only; write https://");
    bad_api("base_url =", "must begin with https://, http:// (loopback only) or file:///");
    bad_api("base_url = https://user@host/v1",
            "a name or password does not belong here; the token has a file of its own");
    bad_api("base_url = https://host/v1?x=y", "not a plain URL (no blanks, no ? and no #)");
}

TEST(config_keys, base_url_loses_the_slash_at_its_end) {
    folder.write("together.conf", "[api]\nproject = proj_a\nbase_url = http://[::1]:80/v1/\n");
    TEXT_EQUAL("http://[::1]:80/v1", folder.load()->base_url);
    CHECK_FALSE(folder.load()->roster_is_a_file());
}

TEST(config_keys, base_url_can_be_a_file) {
    folder.write("together.conf", "[api]\nproject = proj_a\nbase_url = file:///srv/roster.json\n");
    CHECK_TRUE(folder.load()->roster_is_a_file());
    TEXT_EQUAL("/srv/roster.json", folder.load()->roster_file());
}

TEST(config_keys, project_is_checked) {
    for (const char* project : {"", "cluster", "proj_", "proj_../../etc/passwd", "proj_a b"})
        bad_api("project = " + std::string(project),
                "not of the form proj_NAME (letters, digits, _ and -, at most 64)");
    const std::string longest(64, 'x');
    TEXT_EQUAL("", folder.error_of("[api]\nbase_url = https://a/v1\nproject = proj_" + longest));
    bad_api("project = proj_x" + longest,
            "not of the form proj_NAME (letters, digits, _ and -, at most 64)");
}

TEST(config_keys, paths_are_absolute) {
    for (const auto& [section, key] :
         std::multimap<std::string, std::string>{{"api", "token_file"},
                                                 {"api", "ca_file"},
                                                 {"roster", "directory"},
                                                 {"roster", "refresh_program"}}) {
        good(section, key + " = /a/b c");
        bad(section, key + " =", "not an absolute path");
        bad(section, key + " = a/b", "not an absolute path");
        bad(section, key + " = ~/a", "not an absolute path");
        bad(section, key + " = \"/a\"", "not an absolute path");
    }
    TEXT_EQUAL("/t", config_with("api", "token_file = /t").token_file);
    TEXT_EQUAL("/c", config_with("api", "ca_file = /c").ca_file);
    TEXT_EQUAL("/d", config_with("roster", "directory = /d").directory);
    TEXT_EQUAL("/p", config_with("roster", "refresh_program = /p").refresh_program);
}

TEST(config_keys, node_name_has_no_character_that_a_header_or_a_list_could_stumble_over) {
    TEXT_EQUAL("gpu-17.rack_2", config_with("api", "node_name = gpu-17.rack_2").node_name);
    for (const char* name : {"", "a b", "a;mode=observe"})
        bad_api("node_name = " + std::string(name),
                "not of the form NAME (letters, digits, ., _ and -, at most 253)");
}

TEST(config_keys, proxy_is_an_http_proxy_without_password) {
    TEXT_EQUAL("http://proxy:3128", config_with("api", "proxy = http://proxy:3128").proxy);
    good("api", "proxy = https://proxy.example.com:443/");
    for (const char* proxy :
         {"", "proxy:3128", "socks5://proxy:1080", "http://a b", "http://", "http:///", "https://"})
        bad("api", "proxy = " + std::string(proxy), "not of the form http://HOST:PORT");
    bad("api", "proxy = http://user:pw@proxy:3128", "a name or password does not belong here");
}

TEST(config_keys, durations_are_within_their_bounds) {
    CHECK_TRUE(duration("fresh_for = 0s", &Config::fresh_for) == 0s);
    CHECK_TRUE(duration("fresh_for = 24h\nstale_for = 24h", &Config::fresh_for) == 24h);
    bad("roster", "fresh_for = 86401s", "must be from 0ms to 24h");
    CHECK_TRUE(duration("recheck_after = 0s", &Config::recheck_after) == 0s);
    CHECK_TRUE(duration("recheck_after = 24h\nstale_for = 24h", &Config::recheck_after) == 24h);
    bad("roster", "recheck_after = 86401s", "must be from 0ms to 24h");
    CHECK_TRUE(duration("local_fault_for = 0s", &Config::local_fault_for) == 0s);
    CHECK_TRUE(duration("local_fault_for = 24h", &Config::local_fault_for) == 24h);
    CHECK_TRUE(duration("deadline = 100ms", &Config::deadline) == 100ms);
    CHECK_TRUE(duration("deadline = 1m", &Config::deadline) == 1min);
    bad("roster", "deadline = 99ms", "must be from 100ms to 1m");
    bad("roster", "deadline = 61s", "must be from 100ms to 1m");
    for (const char* key :
         {"fresh_for", "recheck_after", "deadline", "stale_for", "local_fault_for"})
        for (const char* value : {"", "30", "-1s", "forever!", "1.5s", "30 s"})
            bad("roster", std::string(key) + " = " + value, "not a duration such as 500ms");
    bad("roster", "fresh_for = forever", "not a duration");
}

TEST(config_keys, stale_for_can_be_forever) {
    CHECK_FALSE(config_with("roster", "stale_for = forever").stale_for.has_value());
    CHECK_TRUE(config_with("roster", "stale_for = 3650d").stale_for == Nanoseconds(24h * 3650));
    CHECK_TRUE(
        config_with("roster", "stale_for = 1s\nfresh_for = 1s\nrecheck_after = 1s").stale_for ==
        Nanoseconds(1s));
    bad("roster", "stale_for = 999ms", "must be from 1s to 3650d, or forever");
    bad("roster", "stale_for = 3651d", "not a duration such as");
    bad("roster", "stale_for = Forever", "not a duration such as");
}

TEST(config_keys, proxy_never_reads_the_token) {
    folder.write("together.conf",
                 "[api]\nbase_url = http://127.0.0.1:8080/v1\nproject = proj_a\n"
                 "proxy = http://proxy:3128\n");
    TEXT_EQUAL(
        folder.path() + ": [api] proxy would read the token: that needs a base_url of https://",
        folder.load().error().message);
}

TEST(config_keys, stale_for_is_no_shorter_than_the_other_ages) {
    TEXT_EQUAL(folder.path() + ": [roster] stale_for is shorter than fresh_for",
               with("roster", "stale_for = 29s").error().message);
    good("roster", "stale_for = 30s");
    TEXT_EQUAL(folder.path() + ": [roster] stale_for is shorter than recheck_after",
               with("roster", "stale_for = 1m\nrecheck_after = 61s").error().message);
    good("roster", "stale_for = 1m\nrecheck_after = 60s");
    good("roster", "stale_for = forever\nrecheck_after = 24h\nfresh_for = 24h");
}

TEST(config_keys, exempt_users_are_logins_and_uids) {
    const auto config = config_with("gate", "exempt_users = root, slurm munge\t 990,0 ,42,_apt");
    CHECK_TRUE(config.exempt_logins ==
               (std::vector<std::string>{"root", "slurm", "munge", "_apt"}));
    CHECK_TRUE(config.exempt_uids == (std::vector<uid_t>{990, 0, 42}));
    good("gate", "exempt_users =");
    good("gate", "exempt_users = , ,");
    LONGS_EQUAL(4294967294L,
                static_cast<long>(config_with("gate", "exempt_users = 4294967294").exempt_uids[0]));
}

TEST(config_keys, exempt_users_are_nothing_else) {
    for (const char* name : {"4294967295", "4294967296", "-1", "@admins", "%wheel", "alice;bob",
                             "DOMAIN\\alice", "*", "99999999999999999999"})
        bad("gate", "exempt_users = root " + std::string(name),
            ("\"" + std::string(name) + "\" is neither a login nor a uid").c_str());
}

TEST(config_keys, min_uid_is_a_uid_above_0) {
    LONGS_EQUAL(1, config_with("gate", "min_uid = 1").min_uid);
    LONGS_EQUAL(4294967294L,
                static_cast<long>(config_with("gate", "min_uid = 4294967294").min_uid));
    for (const char* uid : {"", "0", "-1", "4294967295", "+1", "0x10", "1e3", "alice"})
        bad("gate", "min_uid = " + std::string(uid), "not a uid above 0");
}

TEST(config_keys, contact_is_a_sentence) {
    TEXT_EQUAL("Ask ops@example.com, K\xc3\xa4the.",
               config_with("gate", "contact = Ask ops@example.com, K\xc3\xa4the.").contact);
    TEXT_EQUAL("", config_with("gate", "contact =").contact);
    bad("gate", "contact = a\tb", "has control characters");
}

TEST(config_keys, on_removal_is_one_of_three_words) {
    CHECK_TRUE(config_with("gate", "").on_removal == OnRemoval::leave);
    const std::pair<const char*, OnRemoval> words[] = {
        {"leave", OnRemoval::leave},
        {"end_sessions", OnRemoval::end_sessions},
        {"end_sessions_and_jobs", OnRemoval::end_sessions_and_jobs}};
    for (const auto& [word, value] : words)
        CHECK_TRUE(config_with("gate", "on_removal = " + std::string(word)).on_removal == value);
    for (const auto* value : {"", "Leave", "end", "end_jobs", "end_sessions, jobs"})
        bad("gate", "on_removal = " + std::string(value),
            "must be leave, end_sessions or end_sessions_and_jobs");
}

TEST(config_keys, on_removal_grace_is_at_most_a_day) {
    CHECK_TRUE(config_with("gate", "").on_removal_grace == 1min);
    CHECK_TRUE(config_with("gate", "on_removal_grace = 0s").on_removal_grace == 0s);
    CHECK_TRUE(config_with("gate", "on_removal_grace = 24h").on_removal_grace == 24h);
    bad("gate", "on_removal_grace = 25h", "");
    bad("gate", "on_removal_grace = soon", "");
}

TEST(config_keys, on_removal_limit_is_a_number) {
    CHECK_FALSE(config_with("gate", "").on_removal_limit.has_value());
    LONGS_EQUAL(25, *config_with("gate", "on_removal_limit = 25").on_removal_limit);
    for (const auto* value : {"0", "-1", "ten", "1.5", "4294967296", ""})
        bad("gate", "on_removal_limit = " + std::string(value), "not a number above 0");
}

TEST(config_keys, without_door_is_open_or_closed) {
    CHECK_TRUE(config_with("gate", "").without_door == WithoutDoor::open);
    CHECK_TRUE(config_with("gate", "without_door = open").without_door == WithoutDoor::open);
    CHECK_TRUE(config_with("gate", "without_door = closed").without_door == WithoutDoor::closed);
    for (const char* value : {"", "Closed", "shut", "yes"})
        bad("gate", "without_door = " + std::string(value), "must be open or closed");
}

TEST(config_keys, mode_is_enforce_or_observe) {
    CHECK_TRUE(config_with("gate", "mode = enforce").mode == Mode::enforce);
    CHECK_TRUE(config_with("gate", "mode = observe").mode == Mode::observe);
    for (const char* mode : {"", "Observe", "off", "permissive", "observe,enforce"})
        bad("gate", "mode = " + std::string(mode), "must be enforce or observe");
}

TEST(config_keys, accounts_are_off_and_their_ids_out_of_everybodys_way) {
    const auto accounts = folder.load()->accounts;
    CHECK_FALSE(accounts.enabled);
    LONGS_EQUAL(10000, accounts.uid_range.first);
    LONGS_EQUAL(59999, accounts.gid_range.last);
    CHECK_TRUE(accounts.keep_removed == 24h * 90);
    CHECK_TRUE(config_with("accounts", "enabled = yes").accounts.enabled);
    for (const char* answer : {"", "true", "1", "Yes"})
        bad("accounts", "enabled = " + std::string(answer), "must be yes or no");
    bad("accounts", "group_members = maybe", "must be yes or no");
}

TEST(config_keys, ranges_of_ids_have_neither_the_systems_nor_nobodys) {
    for (const std::string key : {"uid_range", "gid_range"}) {
        good("accounts", key + " = 1000-1000");
        good("accounts", key + " = 65536-2147483647");
        for (const char* range :
             {"", "10000", "10000-", "-20000", "2-1", "10000 - 20000", "1e4-2e4"})
            bad("accounts", key + " = " + range, "not of the form FIRST-LAST");
        for (const char* range : {"999-2000", "0-60000", "70000-2147483648"})
            bad("accounts", key + " = " + range, "must be from 1000 to 2147483647");
        for (const char* range : {"10000-65534", "65535-70000"})
            bad("accounts", key + " = " + range, "65534 and 65535 are nobody's");
    }
    CHECK_TRUE(config_with("accounts", "uid_range = 20000-30000").accounts.uid_range ==
               (IdRange{20000, 30000}));
}

TEST(config_keys, home_ends_with_the_login) {
    good("accounts", "home = /srv/people/%u");
    for (const char* home :
         {"", "/", "/%u", "%u", "home/%u", "/home/x%u", "/home/%u/", "/%u/%u", "/h%m/%u"})
        bad("accounts", "home = " + std::string(home), "not of the form /FOLDER/%u");
    bad("accounts", "home = /ho:me/%u", "colon");
}

TEST(config_keys, shell_is_an_absolute_path) {
    good("accounts", "shell = /usr/bin/zsh");
    bad("accounts", "shell = bash", "not an absolute path");
    bad("accounts", "shell = /bin/ba:sh", "colon");
}

TEST(config_keys, group_and_reserved_logins_are_names) {
    good("accounts", "group = research");
    good("accounts", "group =");
    for (const char* group : {"a:b", "123", "a b", "abcdefghijklmnopqrstuvwxyzz"})
        bad("accounts", "group = " + std::string(group), "not a group's name");
    CHECK_TRUE(config_with("accounts", "reserved_logins = scanner, plc").accounts.reserved_logins ==
               (std::vector<std::string>{"scanner", "plc"}));
    bad("accounts", "reserved_logins = a:b", "is no login");
}

TEST(config_keys, of_the_gate_are_twenty_two_and_of_others_seventeen) {
    LONGS_EQUAL(22, config_keys().size());
    LONGS_EQUAL(17, accounts_keys().size() + kubernetes_keys().size() + http_keys().size());
    for (const auto& key : config_keys()) {
        CHECK_TRUE(find_config_key(key.section, key.name) == &key);
        CHECK_TRUE(is_config_section(key.section));
    }
    POINTERS_EQUAL(nullptr, find_config_key("api", "mode"));
    CHECK_FALSE(is_config_section(""));
}

// SPDX-License-Identifier: Apache-2.0
#include "http_client/http_client.h"

#include <curl/curl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <string_view>

#include "common/system/errno_text.h"
#include "common/system/trimmed.h"
#include "http_client/node_fault.h"

namespace together {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t max_page = std::size_t{8} * 1024 * 1024;
constexpr std::size_t max_header = 1024;

struct FreeList {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using HeaderList = std::unique_ptr<curl_slist, FreeList>;

void add(HeaderList& list, const std::string& header) {
    if (auto* longer = curl_slist_append(list.get(), header.c_str())) {
        static_cast<void>(list.release());
        list.reset(longer);
    }
}

HeaderList headers_of(const HttpRequest& request) {
    HeaderList list;
    add(list, "Accept: application/json");
    if (!request.body.empty()) add(list, "Content-Type: application/json");
    if (!request.idempotency_key.empty()) add(list, "Idempotency-Key: " + request.idempotency_key);
    if (!request.token.empty()) add(list, "Authorization: Bearer " + request.token);
    if (!request.etag.empty()) add(list, "If-None-Match: " + request.etag);
    if (!request.node.empty()) add(list, "Together-Node: " + request.node);
    if (request.wait.count() > 0) add(list, "Prefer: wait=" + std::to_string(request.wait.count()));
    return list;
}

bool same_name(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
        return (x >= 'A' && x <= 'Z' ? x + 32 : x) == (y >= 'A' && y <= 'Z' ? y + 32 : y);
    });
}

// One exchange's state, filled by libcurl's callbacks.
struct Exchange {
    const HttpRequest& request;
    HttpAnswer answer = {};
    const char* refused = nullptr;  // why we ended it
    std::string content_length = {};
    bool chunked = false;
    bool begun = false;
    int socket_error = 0;  // why there was no socket
    bool only_ipv4 = true;
    Deadline name_deadline = Deadline::max();  // by when the host's name must be known
    bool looking_up = false;
    bool name_is_late = false;

    // Two lengths, or a length and chunks: peers disagree where such an answer ends. libcurl reads
    // "395, 5" as 395.
    const char* framing_problem(std::string_view name, std::string_view value) {
        if (same_name(name, "transfer-encoding")) chunked = true;
        if (same_name(name, "content-length")) {
            if (value.empty() || value.find_first_not_of("0123456789") != value.npos)
                return "the answer's Content-Length is no number";
            if (!content_length.empty() && content_length != value)
                return "the answer says in two ways how long it is";
            content_length = value;
        }
        return chunked && !content_length.empty() ? "the answer says in two ways how long it is"
                                                  : nullptr;
    }

    bool header(std::string_view line) {
        begun = true;
        if (line.starts_with("HTTP/")) {
            // The headers of a 1xx answer, or of a proxy's CONNECT, are not the answer's.
            answer = HttpAnswer();
            content_length.clear();
            chunked = false;
            return true;
        }
        const auto colon = line.find(':');
        if (colon == line.npos || line.size() > max_header) return true;
        const auto name = line.substr(0, colon);
        const auto value = trimmed(line.substr(colon + 1), " \t\r\n");
        refused = framing_problem(name, value);
        if (refused != nullptr) return false;
        const std::pair<std::string_view, std::string*> kept[] = {
            {"content-type", &answer.content_type},
            {"etag", &answer.etag},
            {"x-request-id", &answer.request_id},
            {"retry-after", &answer.retry_after},
            {"together-as-of", &answer.as_of},
            {"preference-applied", &answer.preference_applied},
            {"cache-control", &answer.cache_control},
            {"date", &answer.date},
            {"together-revision", &answer.revision}};
        for (const auto& [known, field] : kept)
            if (same_name(name, known)) *field = value;
        return true;
    }

    // By a deadline of ours; libcurl keeps that of the whole.
    bool is_late(Deadline now) {
        name_is_late = looking_up && now >= name_deadline;
        const bool answer_is_late = !begun && now >= request.first_byte_deadline;
        if (name_is_late)
            refused = "the name was not looked up in time";
        else if (answer_is_late)
            refused = "no answer within the deadline";
        return name_is_late || answer_is_late;
    }

    Deadline next_deadline() const {
        const auto answer_by = begun ? Deadline::max() : request.first_byte_deadline;
        return std::min(looking_up ? name_deadline : Deadline::max(), answer_by);
    }

    bool body(std::string_view data) {
        if (answer.body.size() + data.size() > max_page) {
            refused = "the answer is larger than 8 MiB";
            return false;
        }
        answer.body.append(data);
        return true;
    }
};

int on_look_up(void*, void*, void* exchange) {
    static_cast<Exchange*>(exchange)->looking_up = true;
    return 0;
}

curl_socket_t on_open_socket(void* exchange, curlsocktype, curl_sockaddr* address) {
    auto& state = *static_cast<Exchange*>(exchange);
    state.looking_up = false;
    if (address->family != AF_INET) state.only_ipv4 = false;
    if (state.request.sockets)
        if (auto reserved = take_socket(*state.request.sockets, address->family))
            return reserved.release();
    const int fd = ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (fd < 0) state.socket_error = errno;
    return fd < 0 ? CURL_SOCKET_BAD : fd;
}

bool is_name_failure(CURLcode code) {
    return code == CURLE_COULDNT_RESOLVE_HOST || code == CURLE_COULDNT_RESOLVE_PROXY;
}

// What of a failure is this node's own. Its users may have used up what libcurl has no word for:
// asked whatever the failure was, unless an answer was refused for what stands in it.
void find_node_fault(const Exchange& exchange, CURLcode code, int system_error,
                     HttpAnswer& answer) {
    const bool no_address = code == CURLE_COULDNT_CONNECT &&
                            (system_error == EADDRNOTAVAIL || system_error == EADDRINUSE);
    answer.needs_port = no_address;
    if (exchange.socket_error != 0 && is_of_this_node(exchange.socket_error)) {
        answer.node_failed = true;
        answer.error = errno_text("this node has no socket left", exchange.socket_error);
    } else if (code == CURLE_OUT_OF_MEMORY) {
        // Also what libcurl says where it has no descriptor left.
        answer.node_failed = true;
        if (const auto why = what_is_used_up()) answer.error = why->text;
    } else if (code == CURLE_COULDNT_CONNECT && is_of_this_node(system_error) &&
               !(no_address && !exchange.only_ipv4)) {
        // An address of IPv6 is "not available" to a node without IPv6, too: not asked here.
        answer.node_failed = true;
        answer.error = errno_text(no_address ? "this node has no local port left for a connection"
                                             : "this node cannot make a connection",
                                  system_error);
    } else if (exchange.begun && exchange.refused != nullptr) {
        return;
    } else if (const auto why = what_is_used_up()) {
        answer.node_failed = true;
        answer.needs_port = why->is_a_port && code != CURLE_OPERATION_TIMEDOUT;
        answer.error = why->text;
    }
}

std::size_t on_header(char* data, std::size_t, std::size_t size, void* exchange) {
    return static_cast<Exchange*>(exchange)->header({data, size}) ? size : 0;
}

std::size_t on_body(char* data, std::size_t, std::size_t size, void* exchange) {
    return static_cast<Exchange*>(exchange)->body({data, size}) ? size : 0;
}

bool is_connection_failure(CURLcode code) {
    switch (code) {
        case CURLE_COULDNT_RESOLVE_HOST:
        case CURLE_COULDNT_RESOLVE_PROXY:
        case CURLE_COULDNT_CONNECT:
        case CURLE_GOT_NOTHING:
        case CURLE_SEND_ERROR:
        case CURLE_RECV_ERROR:
        case CURLE_PARTIAL_FILE:
        case CURLE_HTTP2:
        case CURLE_HTTP2_STREAM:
            return true;
        default:
            return false;
    }
}

bool is_tls_failure(CURLcode code) {
    switch (code) {
        case CURLE_SSL_CONNECT_ERROR:
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_CACERT_BADFILE:
        case CURLE_SSL_CIPHER:
        case CURLE_SSL_ISSUER_ERROR:
            return true;
        default:
            return false;
    }
}

// The same with an address in the name's place.
std::string at_address(const std::string& url, const std::string& address) {
    const auto name = url.find("//") + 2;
    const auto rest = std::min(url.find_first_of(":/", name), url.size());
    return url.substr(0, name) + address + url.substr(rest);
}

long milliseconds_until(Deadline deadline) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    return std::max<long>(static_cast<long>(left.count()), 1);  // 0 would mean: no limit
}

// As curl_easy_perform(), which does not look at a clock of ours while a name is looked up: its
// progress callback is not called then by libcurl 8.22.
CURLcode perform(CURLM* multi, CURL* curl, Exchange& exchange) {
    constexpr Deadline::duration at_most = 1s;
    if (curl_multi_add_handle(multi, curl) != CURLM_OK) return CURLE_FAILED_INIT;
    int running = 0;
    CURLcode code = CURLE_ABORTED_BY_CALLBACK;
    CURLMcode state = curl_multi_perform(multi, &running);
    while (state == CURLM_OK && running > 0) {
        const auto now = std::chrono::steady_clock::now();
        if (exchange.is_late(now)) break;
        const auto wait = std::min(exchange.next_deadline(), now + at_most);
        state =
            curl_multi_poll(multi, nullptr, 0, static_cast<int>(milliseconds_until(wait)), nullptr);
        if (state == CURLM_OK) state = curl_multi_perform(multi, &running);
    }
    if (state != CURLM_OK)
        code = state == CURLM_OUT_OF_MEMORY ? CURLE_OUT_OF_MEMORY : CURLE_FAILED_INIT;
    int others = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi, &others))
        if (message->msg == CURLMSG_DONE) code = message->data.result;
    curl_multi_remove_handle(multi, curl);
    return code;
}

}  // namespace

struct HttpClient::Handle {
    CURL* curl = nullptr;
    CURLM* multi = nullptr;  // has the connections
    char error[CURL_ERROR_SIZE] = "";
    Handle() {
        curl_global_init(CURL_GLOBAL_DEFAULT);
        curl = curl_easy_init();
        multi = curl_multi_init();
    }
    ~Handle() {
        curl_easy_cleanup(curl);
        curl_multi_cleanup(multi);
    }
    Handle(const Handle&) = delete;
    Handle& operator=(const Handle&) = delete;

    void set_up(const HttpClientSettings& settings) {
        curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error);
        curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
        // An empty proxy, not none: none would be the environment's.
        curl_easy_setopt(curl, CURLOPT_PROXY, settings.proxy.c_str());
        curl_easy_setopt(curl, CURLOPT_NOPROXY, "");
        curl_easy_setopt(curl, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
        curl_easy_setopt(curl, CURLOPT_PROXY_SSLVERSION,
                         static_cast<long>(CURL_SSLVERSION_TLSv1_2));
        curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "gzip, deflate");
        curl_easy_setopt(curl, CURLOPT_USERAGENT, settings.program.c_str());
        curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);
        curl_easy_setopt(curl, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
#if CURL_AT_LEAST_VERSION(7, 87, 0)
        // A look-up that is given up is not waited for.
        curl_easy_setopt(curl, CURLOPT_QUICK_EXIT, 1L);
#endif
#if CURL_AT_LEAST_VERSION(7, 85, 0)
        curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
#else
        curl_easy_setopt(curl, CURLOPT_PROTOCOLS,
                         static_cast<long>(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
        if (!settings.ca_file.empty()) {
            curl_easy_setopt(curl, CURLOPT_CAINFO, settings.ca_file.c_str());
            curl_easy_setopt(curl, CURLOPT_CAPATH, nullptr);
        }
    }
};

HttpClient::HttpClient(HttpClientSettings settings)
    : settings_(std::move(settings)), handle_(std::make_unique<Handle>()) {}

HttpClient::~HttpClient() = default;

HttpAnswer HttpClient::send(const HttpRequest& request) {
    bool unknown_host = false;
    HttpAnswer answer = send_once(request, {}, unknown_host);
    if (!unknown_host) return answer;
    for (const auto& address : request.addresses) {
        answer = send_once(request, address, unknown_host);
        if (!answer.connection_failed) break;
    }
    return answer;
}

// At `address`, whatever the host's name says, where that is not empty.
HttpAnswer HttpClient::send_once(const HttpRequest& request, const std::string& address,
                                 bool& unknown_host) {
    CURL* curl = handle_->curl;
    if (curl == nullptr || handle_->multi == nullptr) {
        HttpAnswer answer;
        const auto why = what_is_used_up();
        answer.error = why ? why->text : "libcurl could not be started";
        answer.node_failed = true;
        return answer;
    }
    Exchange exchange{request};
    // A name server that is silent does not cost all the time where there are addresses to try.
    const auto now = std::chrono::steady_clock::now();
    if (address.empty() && !request.addresses.empty())
        exchange.name_deadline =
            now + std::min<Deadline::duration>((request.deadline - now) / 3, 10s);
    HeaderList instead;
    const bool is_ipv6 = address.find(':') != address.npos;
    const std::string host = is_ipv6 ? "[" + address + "]" : address;
    if (!address.empty() && settings_.proxy.empty()) add(instead, "::" + host + ":");
    const HeaderList headers = headers_of(request);
    curl_easy_reset(curl);
    handle_->set_up(settings_);
    handle_->error[0] = '\0';
    curl_easy_setopt(curl, CURLOPT_URL, request.url.c_str());
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
    if (request.method != "GET")
        curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    if (!request.body.empty()) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
                         static_cast<curl_off_t>(request.body.size()));
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request.body.c_str());
    }
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, milliseconds_until(request.deadline));
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, &exchange);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &exchange);
    curl_easy_setopt(curl, CURLOPT_RESOLVER_START_FUNCTION, on_look_up);
    curl_easy_setopt(curl, CURLOPT_RESOLVER_START_DATA, &exchange);
    curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
    curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, &exchange);
    if (instead) curl_easy_setopt(curl, CURLOPT_CONNECT_TO, instead.get());
    if (!address.empty() && !settings_.proxy.empty())
        curl_easy_setopt(curl, CURLOPT_PROXY, at_address(settings_.proxy, host).c_str());
    const CURLcode code = perform(handle_->multi, curl, exchange);
    unknown_host = is_name_failure(code) || exchange.name_is_late;
    if (code == CURLE_OK) {
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &exchange.answer.status);
        const char* peer = nullptr;
        curl_easy_getinfo(curl, CURLINFO_PRIMARY_IP, &peer);
        if (peer != nullptr) exchange.answer.address = peer;
        return std::move(exchange.answer);
    }
    HttpAnswer answer;
    answer.request_id = exchange.answer.request_id;
    answer.connection_failed = is_connection_failure(code);
    answer.timed_out = code == CURLE_OPERATION_TIMEDOUT;
    answer.tls_failed = is_tls_failure(code);
    answer.error = exchange.refused != nullptr        ? exchange.refused
                   : code == CURLE_OPERATION_TIMEDOUT ? "no answer within the deadline"
                   : handle_->error[0] != '\0'        ? handle_->error
                                                      : curl_easy_strerror(code);
    long system_error = 0;
    curl_easy_getinfo(curl, CURLINFO_OS_ERRNO, &system_error);
    find_node_fault(exchange, code, static_cast<int>(system_error), answer);
    return answer;
}

}  // namespace together

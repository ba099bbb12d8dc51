#include "server/http/httplib_adapter.h"

#include <sys/types.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <ctime>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "api/http/error.h"
#include "api/http/http.h"
#include "httplib.h"
#include "server/http/connection_socket.h"
#include "server/http/http_connection.h"
#include "server/http/http_parser.h"
#include "server/http/http_response_head.h"

namespace tallyman::server {
namespace {

// The library matches paths either with std::regex, which recurses and is slow,
// or by segments. Routes of 1 to kMaxSegments placeholders match every path of
// up to as many segments; a longer path with a body is 404.
constexpr int kMaxSegments = 16;

// Whether the library has read all headers of the request that this thread
// serves. The library has no place for a state of the request.
thread_local bool head_is_read = false;

// A connection as the library reads and writes it.
class LibraryStream : public httplib::Stream {
 public:
  // Reading fails if the headers are incomplete after `head_timeout`: a client
  // that sends single bytes would otherwise keep its thread for months.
  LibraryStream(ConnectionSocket& socket, const std::string& remote_address,
                absl::Duration head_timeout)
      : socket_(socket),
        remote_address_(remote_address),
        head_deadline_(Clock::now() + absl::ToChronoNanoseconds(head_timeout)) {
  }

  bool is_readable() const override { return !socket_.Unread().empty(); }
  bool wait_readable() const override { return socket_.WaitReadable(); }
  // write() blocks.
  bool wait_writable() const override { return true; }
  ssize_t read(char* to, size_t size) override {
    if (!head_is_read && Clock::now() > head_deadline_) return -1;
    return socket_.Read(to, size);
  }
  ssize_t write(const char* from, size_t size) override {
    return socket_.Send({from, size}, {}) ? static_cast<ssize_t>(size) : -1;
  }
  void get_remote_ip_and_port(std::string& ip, int& port) const override {
    ip = remote_address_;
    port = 0;  // Unused.
  }
  void get_local_ip_and_port(std::string& ip, int& port) const override {
    ip.clear();
    port = 0;
  }
  int socket() const override { return socket_.fd(); }
  time_t duration() const override { return 0; }  // No limit.

 private:
  using Clock = std::chrono::steady_clock;

  ConnectionSocket& socket_;
  const std::string& remote_address_;
  const Clock::time_point head_deadline_;
};

// Whether a body may follow the headers (RFC 9112, section 6.3).
// Requires that HasDisputableLength() is false.
bool MayHaveBody(const httplib::Request& request) {
  return request.has_header("Transfer-Encoding") ||
         request.get_header_value("Content-Length", "0") != "0";
}

// Whether HTTP implementations differ about the end of the request, so that one
// reads as body what another reads as the next request (request smuggling, RFC
// 9112, section 11.2). The library accepts such requests.
bool HasDisputableLength(const httplib::Request& request) {
  const size_t codings = request.get_header_value_count("Transfer-Encoding");
  const size_t lengths = request.get_header_value_count("Content-Length");
  if (codings > 0) {
    return codings > 1 || lengths > 0 ||
           !absl::EqualsIgnoreCase(
               request.get_header_value("Transfer-Encoding"), "chunked");
  }
  for (size_t i = 0; i < lengths; ++i) {
    const std::string length =
        request.get_header_value("Content-Length", "", i);
    if (length.empty() || length.size() > 19 ||
        !absl::c_all_of(length, absl::ascii_isdigit)) {
      return true;
    }
  }
  return lengths > 1;
}

// The origin-form of a request target: drops scheme and host of the absolute
// form, which clients send to proxies (RFC 9112, section 3.2.2).
std::string_view OriginForm(std::string_view target) {
  if (target.starts_with('/')) return target;
  const size_t scheme_end = target.find("://");
  if (scheme_end == std::string_view::npos) return target;
  const size_t path = target.find('/', scheme_end + 3);
  return path == std::string_view::npos ? "/" : target.substr(path);
}

api::Request ToRequest(const httplib::Request& from) {
  api::Request request;
  request.method = from.method;
  SetTarget(OriginForm(from.target), request);
  request.headers.reserve(from.headers.size());
  for (const auto& [name, value] : from.headers) {
    request.headers.emplace_back(name, value);
  }
  request.body = from.body;
  request.remote_address = from.remote_addr;
  return request;
}

void CopyResponse(const api::Response& from, httplib::Response& to) {
  to.status = from.status;
  for (const auto& [name, value] : from.headers) to.set_header(name, value);
  if (from.BodyView().empty()) return;
  // Copies a shared body too: the library's content providers work only if it
  // owns the listening socket.
  to.set_content(std::string(from.BodyView()), from.content_type);
}

// The details of an error that the library found.
std::string RejectionDetails(int status, size_t max_body_bytes) {
  switch (status) {
    case 413:
      return absl::StrCat("the body has more than ", max_body_bytes,
                          " bytes (--max_body_bytes)");
    case 414:
      return absl::StrCat("the address has more than ",
                          CPPHTTPLIB_REQUEST_URI_MAX_LENGTH, " bytes");
    case 400:
      return absl::StrCat(
          "the request line, a header or the body is malformed, or there are "
          "more than ",
          CPPHTTPLIB_HEADER_MAX_COUNT, " headers or ",
          CPPHTTPLIB_HEADER_MAX_LENGTH,
          " bytes in one, or the body did not arrive in time");
    case 415:
      return "the Content-Encoding of the body is not understood; send it "
             "without one";
    case 416:
      return "the Range header is malformed";
    case 404:
      return "no resource has this address";
    default:
      return "";
  }
}

// Whether the library rejects a request for its method alone: a name in upper
// case that it does not know. The answer is 405, not 400.
bool IsUnknownMethod(std::string_view method) {
  constexpr std::array<std::string_view, 10> kKnown = {
      "GET",     "HEAD",    "POST",  "PUT",   "DELETE",
      "CONNECT", "OPTIONS", "TRACE", "PATCH", "PRI"};
  return !method.empty() &&
         std::all_of(method.begin(), method.end(),
                     [](char c) { return c >= 'A' && c <= 'Z'; }) &&
         std::find(kKnown.begin(), kKnown.end(), method) == kKnown.end();
}

// Set if the connection that this thread serves must not serve another request:
// the answer was an error, or part of the request was not read.
thread_local bool must_close = false;

// Set if the client asked to close that connection.
thread_local bool wants_close = false;

// Whether "close" is among the options of the Connection headers (RFC 9112,
// section 9.6). The library finds it only as the sole option.
bool HasCloseOption(const httplib::Request& request) {
  const size_t headers = request.get_header_value_count("Connection");
  for (size_t i = 0; i < headers; ++i) {
    const std::string options = request.get_header_value("Connection", "", i);
    for (const std::string_view option : absl::StrSplit(options, ',')) {
      if (absl::EqualsIgnoreCase(absl::StripAsciiWhitespace(option), "close")) {
        return true;
      }
    }
  }
  return false;
}

}  // namespace

// Uses only the library's code for one request. Its loop over the requests of a
// connection is not used: it polls, drops bytes of a next request that arrived
// with the first, and reads on after errors that end the connection.
class HttplibAdapter::Impl : public httplib::Server {
 public:
  explicit Impl(const Parts& parts) : parts_(parts) {
    Configure();
    Route();
  }

  AfterRequest ServeOne(ConnectionSocket& socket,
                        const std::string& remote_address) {
    LibraryStream stream(socket, remote_address, parts_.head_timeout);
    bool is_closed = false;
    must_close = false;
    wants_close = false;
    head_is_read = false;
    const bool is_good = process_request(
        stream, remote_address, /*remote_port=*/0,
        /*local_addr=*/"", /*local_port=*/0,
        /*close_connection=*/parts_.idle.is_stopping(), is_closed,
        /*setup_request=*/nullptr);
    if (must_close) return AfterRequest::kDrainAndClose;
    return is_good && !is_closed && !wants_close && !parts_.idle.is_stopping()
               ? AfterRequest::kKeep
               : AfterRequest::kClose;
  }

 private:
  using Result = httplib::Server::HandlerResponse;

  void Configure() {
    set_payload_max_length(parts_.max_body_bytes);
    set_post_routing_handler(
        [this](const httplib::Request& request, httplib::Response& response) {
          CorrectHeaders(request, response);
        });
  }

  void CorrectHeaders(const httplib::Request& request,
                      httplib::Response& response) const {
    response.set_header("Date", std::string(HttpDateNow()));
    // The library writes 0, but the length would be that of the representation
    // (RFC 9110, section 8.6).
    if (response.status == 304) response.headers.erase("Content-Length");
    // The library omits it if the request looks like a WebSocket handshake,
    // although the connection is kept.
    if (response.status != 304 && response.status != 204 &&
        !response.has_header("Content-Length")) {
      response.set_header("Content-Length", absl::StrCat(response.body.size()));
    }
    // Ranges are not supported.
    if (request.method == "HEAD") response.headers.erase("Accept-Ranges");
    // Both the library and Answer() may have set it.
    if (response.get_header_value_count("Connection") > 1) {
      response.headers.erase("Connection");
      response.set_header("Connection", "close");
    }
    // The library adds "max=...", a limit that the server does not have.
    if (response.headers.erase("Keep-Alive") > 0 && parts_.idle_seconds > 0 &&
        !response.has_header("Connection")) {
      response.set_header("Keep-Alive",
                          absl::StrCat("timeout=", parts_.idle_seconds));
    }
  }

  void Route() {
    // Requests without a body are answered before the library matches routes.
    set_pre_routing_handler(
        [this](const httplib::Request& request, httplib::Response& response) {
          return AnswerEarly(request, response);
        });
    const auto answer = [this](const httplib::Request& request,
                               httplib::Response& response) {
      Answer(request, response);
    };
    std::string pattern;
    for (int i = 0; i < kMaxSegments; ++i) {
      absl::StrAppend(&pattern, "/:", i);
      Get(pattern, answer);
      Post(pattern, answer);
      Put(pattern, answer);
      Patch(pattern, answer);
      Delete(pattern, answer);
      Options(pattern, answer);
    }
    set_expect_100_continue_handler(
        [this](const httplib::Request& request, httplib::Response& response) {
          head_is_read = true;
          if (!IsTooLarge(request)) return 100;
          response.status = 413;
          return 413;
        });
    // The library calls it also for error statuses of the handler, which have a
    // body.
    set_error_handler(
        [this](const httplib::Request& request, httplib::Response& response) {
          if (!response.body.empty()) return Result::Unhandled;
          Reject(request, response);
          return Result::Handled;
        });
    set_exception_handler([this](const httplib::Request& request,
                                 httplib::Response& response,
                                 const std::exception_ptr&) {
      response.status = 500;
      Reject(request, response);
    });
  }

  Result AnswerEarly(const httplib::Request& request,
                     httplib::Response& response) const {
    // The library declares the request as a local variable that is not const.
    auto& mutable_request = const_cast<httplib::Request&>(request);
    // A server may ignore Range (RFC 9110, section 14.2). Each answer is a new
    // snapshot, so that parts of two would not fit together.
    mutable_request.ranges.clear();
    head_is_read = true;
    if (HasDisputableLength(request)) {
      mutable_request.body_consumed_ = true;
      response.status = 400;
      Reject(request, response);
      return Result::Handled;
    }
    if (IsTooLarge(request)) {
      mutable_request.body_consumed_ = true;
      response.status = 413;
      Reject(request, response);
      return Result::Handled;
    }
    if (MayHaveBody(request)) return Result::Unhandled;
    // Marks the body as read. Otherwise the library takes the next request for
    // the body of a DELETE or POST without Content-Length.
    mutable_request.body_consumed_ = true;
    Answer(request, response);
    return Result::Handled;
  }

  bool IsTooLarge(const httplib::Request& request) const {
    return request.get_header_value_u64("Content-Length") >
           parts_.max_body_bytes;
  }

  void Answer(const httplib::Request& request,
              httplib::Response& response) const {
    CopyResponse(parts_.handler(ToRequest(request)), response);
    // The library adds "Connection: close" to every error.
    must_close = response.status >= 400;
    wants_close = HasCloseOption(request);
    if (wants_close || parts_.idle.is_stopping()) {
      response.set_header("Connection", "close");
    }
  }

  void Reject(const httplib::Request& request,
              httplib::Response& response) const {
    must_close = true;
    response.headers.clear();
    api::Error error;
    if (response.status == 400 && IsUnknownMethod(request.method)) {
      error.kind = api::ErrorKind::kMethodNotAllowed;
    } else {
      error.kind = api::ErrorKindOfHttpStatus(response.status);
      error.details = RejectionDetails(response.status, parts_.max_body_bytes);
    }
    CopyResponse(parts_.rejecter(ToRequest(request), std::move(error)),
                 response);
  }

  const Parts parts_;
};

HttplibAdapter::HttplibAdapter(const Parts& parts)
    : impl_(std::make_unique<Impl>(parts)) {}

HttplibAdapter::~HttplibAdapter() = default;

AfterRequest HttplibAdapter::ServeOne(ConnectionSocket& socket,
                                      const std::string& remote_address) {
  return impl_->ServeOne(socket, remote_address);
}

}  // namespace tallyman::server

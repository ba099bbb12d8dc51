#include "server/http_server.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/log/check.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "api/error.h"
#include "api/http.h"
#include "api/params.h"
#include "httplib.h"
#include "server/listen_address.h"
#include "server/worker_pool.h"

namespace tallyman::server {
namespace {

// Connections that wait for a thread, beyond those that the kernel keeps.
constexpr size_t kMaxWaitingConnections = 1024;

// The library matches paths with std::regex, recursively and slowly, or by
// counting segments: the latter takes any path of up to so many.
constexpr int kMaxSegments = 16;

// Gives the library's jobs, one a connection, to a WorkerPool.
class ConnectionQueue : public httplib::TaskQueue {
 public:
  explicit ConnectionQueue(size_t max_connections)
      : pool_(max_connections, kMaxWaitingConnections) {}

  bool enqueue(std::function<void()> job) override {
    return pool_.Add(std::move(job));
  }
  void shutdown() override { pool_.Shutdown(); }

 private:
  WorkerPool pool_;
};

// Set when the connection that this thread serves must not be used for another
// request: an error said so to the client, or what is left of the request was
// not read.
thread_local bool must_close = false;

// Lets the peer read what was sent before the connection goes away: closing a
// socket with unread bytes resets it, and the answer could be lost. Gives up
// after a second or kMaxDrained bytes.
void CloseGently(int fd) {
  constexpr size_t kMaxDrained = size_t{256} << 10;
  shutdown(fd, SHUT_WR);
  char bytes[16384];
  for (size_t drained = 0; drained < kMaxDrained;) {
    pollfd readable = {.fd = fd, .events = POLLIN, .revents = 0};
    if (poll(&readable, 1, 1000) <= 0) break;
    const ssize_t got = read(fd, bytes, sizeof(bytes));
    if (got <= 0) break;
    drained += static_cast<size_t>(got);
  }
  close(fd);
}

// The library's server with another life for connections. The library waits by
// polling, forgets bytes of a next request that came with the first one, and
// reads on after errors that it closes the connection for.
class Connections : public httplib::Server {
 public:
  Connections(absl::Duration io_timeout, absl::Duration keep_alive_timeout)
      : io_timeout_(absl::ToTimeval(io_timeout)),
        keep_alive_timeout_ms_(
            static_cast<int>(absl::ToInt64Milliseconds(keep_alive_timeout))),
        stop_fd_(eventfd(0, EFD_CLOEXEC)) {
    CHECK_GE(stop_fd_, 0);
  }
  ~Connections() override { close(stop_fd_); }
  Connections(const Connections&) = delete;
  Connections& operator=(const Connections&) = delete;

  // Ends connections as soon as they have no request under way.
  void StopConnections() {
    stopping_ = true;
    const uint64_t one = 1;
    CHECK_EQ(write(stop_fd_, &one, sizeof(one)),
             static_cast<ssize_t>(sizeof(one)));
  }

 private:
  bool process_and_close_socket(int fd) override {
    std::string remote_address;
    int remote_port = 0;
    httplib::detail::get_remote_ip_and_port(fd, remote_address, remote_port);
    std::string local_address;
    int local_port = 0;
    httplib::detail::get_local_ip_and_port(fd, local_address, local_port);
    // One stream for all requests: it may have read the next one already.
    httplib::detail::SocketStream stream(
        fd, io_timeout_.tv_sec, io_timeout_.tv_usec, io_timeout_.tv_sec,
        io_timeout_.tv_usec);
    bool is_good = true;
    must_close = false;
    while (is_good && !must_close && WaitForRequest(stream)) {
      bool is_closed = false;
      is_good = process_request(stream, remote_address, remote_port,
                                local_address, local_port,
                                /*close_connection=*/stopping_, is_closed,
                                /*setup_request=*/nullptr);
      if (is_closed || stopping_) break;
    }
    if (must_close) {
      CloseGently(fd);
    } else {
      close(fd);
    }
    return is_good;
  }

  // False when none comes in time or the server stops first.
  bool WaitForRequest(const httplib::detail::SocketStream& stream) const {
    if (stream.is_readable()) return true;
    pollfd fds[2] = {{.fd = stream.socket(), .events = POLLIN, .revents = 0},
                     {.fd = stop_fd_, .events = POLLIN, .revents = 0}};
    int ready = 0;
    do {
      ready = poll(fds, 2, keep_alive_timeout_ms_);
    } while (ready < 0 && errno == EINTR);
    return ready > 0 && fds[0].revents != 0;
  }

  const timeval io_timeout_;
  const int keep_alive_timeout_ms_;
  const int stop_fd_;  // An eventfd(2), readable from the stop on.
  std::atomic<bool> stopping_ = false;
};

// Whether bytes of a body follow the headers (RFC 9112, section 6.3), or
// whether that can't be said because the length is malformed.
bool MayHaveBody(const httplib::Request& request) {
  return request.has_header("Transfer-Encoding") ||
         request.get_header_value_count("Content-Length") > 1 ||
         request.get_header_value("Content-Length", "0") != "0";
}

// The origin-form of a request target: of "http://host/path", which clients of
// proxies send, what follows the host (RFC 9112, section 3.2).
std::string_view OriginForm(std::string_view target) {
  if (target.starts_with('/')) return target;
  const size_t scheme_end = target.find("://");
  if (scheme_end == std::string_view::npos) return target;
  const size_t path = target.find('/', scheme_end + 3);
  return path == std::string_view::npos ? "/" : target.substr(path);
}

api::Request ToRequest(const httplib::Request& from) {
  const std::string_view target = OriginForm(from.target);
  const size_t mark = target.find('?');
  api::Request request{.method = from.method,
                       .path = target.substr(0, mark),
                       .params = {},
                       .headers = {},
                       .body = from.body,
                       .remote_address = from.remote_addr};
  if (mark != std::string_view::npos) {
    request.params = api::Params::Parse(target.substr(mark + 1));
  }
  request.headers.reserve(from.headers.size());
  for (const auto& [name, value] : from.headers) {
    request.headers.emplace_back(name, value);
  }
  return request;
}

bool HasContent(const httplib::Response& response) {
  return !response.body.empty() || response.content_length_ > 0;
}

void Send(api::Response&& from, httplib::Response& to) {
  to.status = from.status;
  for (const auto& [name, value] : from.headers) to.set_header(name, value);
  if (from.BodyView().empty()) return;
  if (from.shared_body != nullptr) {
    const size_t size = from.shared_body->size();
    to.set_content_provider(
        size, from.content_type,
        [body = std::move(from.shared_body)](size_t offset, size_t length,
                                             httplib::DataSink& sink) {
          return sink.write(body->data() + offset, length);
        });
  } else {
    to.set_content(std::move(from.body), from.content_type);
  }
}

// What clients are told of an error that the library found.
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

// True for the name of a method (RFC 9110, section 5.6.2) that the library
// rejects although the request may be well-formed.
bool IsUnknownMethod(std::string_view method) {
  constexpr std::array<std::string_view, 10> kKnown = {
      "GET",     "HEAD",    "POST",  "PUT",   "DELETE",
      "CONNECT", "OPTIONS", "TRACE", "PATCH", "PRI"};
  return !method.empty() &&
         std::all_of(method.begin(), method.end(),
                     [](char c) { return c >= 'A' && c <= 'Z'; }) &&
         std::find(kKnown.begin(), kKnown.end(), method) == kKnown.end();
}

}  // namespace

class HttpServer::Impl {
 public:
  Impl(const Options& options, Handler handler, Rejecter rejecter)
      : options_(options),
        handler_(std::move(handler)),
        rejecter_(std::move(rejecter)),
        server_(options.io_timeout, options.keep_alive_timeout) {
    Configure();
    Route();
  }

  absl::Status Bind(int port) {
    if (port == 0) {
      port_ = server_.bind_to_any_port(options_.host);
      if (port_ > 0) return absl::OkStatus();
    } else if (server_.bind_to_port(options_.host, port)) {
      port_ = port;
      return absl::OkStatus();
    }
    const absl::Status error = BindError(options_.host, port);
    return error.ok() ? absl::UnavailableError(absl::StrCat(
                            "cannot listen on ", UrlOf(options_.host, port)))
                      : error;
  }

  int port() const { return port_; }

  absl::Status Serve() {
    while (true) {
      {
        const absl::MutexLock lock(&mutex_);
        if (stopping_) return absl::OkStatus();
        serving_ = true;
      }
      server_.listen_after_bind();
      {
        const absl::MutexLock lock(&mutex_);
        serving_ = false;
        if (stopping_) return absl::OkStatus();
      }
      // The library gives up when accept(2) fails, for which a lack of memory
      // or of descriptors in the whole system is enough.
      server_.stop();
      if (absl::Status bound = Bind(port_); !bound.ok()) return bound;
    }
  }

  void Stop() {
    {
      const absl::MutexLock lock(&mutex_);
      if (stopping_.exchange(true) || !serving_) return;
    }
    server_.StopConnections();
    // Stopping what does not run yet would have no effect.
    server_.wait_until_ready();
    server_.stop();
  }

 private:
  void Configure() {
    server_.set_keep_alive_timeout(
        absl::ToInt64Seconds(options_.keep_alive_timeout));
    server_.set_payload_max_length(options_.max_body_bytes);
    server_.set_tcp_nodelay(true);
    // The library's default, SO_REUSEPORT, would let two servers share a port.
    server_.set_socket_options([](int fd) {
      const int one = 1;
      setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    });
    // The length would be that of what the client has already (RFC 9110,
    // section 8.6); the library says 0.
    server_.set_post_routing_handler(
        [](const httplib::Request& /*request*/, httplib::Response& response) {
          if (response.status == 304) response.headers.erase("Content-Length");
        });
    server_.new_task_queue = [this] {
      return new ConnectionQueue(options_.max_connections);
    };
  }

  void Route() {
    using Result = httplib::Server::HandlerResponse;
    // Requests without a body are answered before the library routes them.
    server_.set_pre_routing_handler(
        [this](const httplib::Request& request, httplib::Response& response) {
          // The request is the library's own local variable, not const there.
          auto& own = const_cast<httplib::Request&>(request);
          // Answers are made anew each time, so there are no parts of one
          // (RFC 9110, section 14.2, leaves that to the server).
          own.ranges.clear();
          if (IsTooLarge(request)) {
            // Not read, so that nobody sends it for nothing.
            own.body_consumed_ = true;
            response.status = 413;
            Reject(request, response);
            return Result::Handled;
          }
          if (MayHaveBody(request)) return Result::Unhandled;
          // Otherwise the library would wait for a body of unknown length
          // after the answer to a DELETE or POST without Content-Length, and
          // take the next request for it.
          own.body_consumed_ = true;
          Answer(request, response);
          return Result::Handled;
        });
    const auto answer = [this](const httplib::Request& request,
                               httplib::Response& response) {
      Answer(request, response);
    };
    std::string pattern;
    for (int i = 0; i < kMaxSegments; ++i) {
      absl::StrAppend(&pattern, "/:", i);
      server_.Get(pattern, answer);
      server_.Post(pattern, answer);
      server_.Put(pattern, answer);
      server_.Patch(pattern, answer);
      server_.Delete(pattern, answer);
      server_.Options(pattern, answer);
    }
    server_.set_expect_100_continue_handler(
        [this](const httplib::Request& request, httplib::Response& response) {
          if (!IsTooLarge(request)) return 100;
          response.status = 413;
          return 413;
        });
    // Also called for errors of ours, which have a body already.
    server_.set_error_handler(
        [this](const httplib::Request& request, httplib::Response& response) {
          if (HasContent(response)) return Result::Unhandled;
          Reject(request, response);
          return Result::Handled;
        });
    server_.set_exception_handler([this](const httplib::Request& request,
                                         httplib::Response& response,
                                         const std::exception_ptr&) {
      response.status = 500;
      Reject(request, response);
    });
  }

  bool IsTooLarge(const httplib::Request& request) const {
    return request.get_header_value_u64("Content-Length") >
           options_.max_body_bytes;
  }

  void Answer(const httplib::Request& request, httplib::Response& response) {
    Send(handler_(ToRequest(request)), response);
    // The library announces the end of the connection with every error.
    must_close = response.status >= 400;
    if (stopping_) response.set_header("Connection", "close");
  }

  void Reject(const httplib::Request& request, httplib::Response& response) {
    must_close = true;
    response.headers.clear();
    api::Error error;
    if (response.status == 400 && IsUnknownMethod(request.method)) {
      error.kind = api::ErrorKind::kMethodNotAllowed;
    } else {
      error.kind = api::ErrorKindOfHttpStatus(response.status);
      error.details =
          RejectionDetails(response.status, options_.max_body_bytes);
    }
    Send(rejecter_(ToRequest(request), std::move(error)), response);
  }

  const Options options_;
  const Handler handler_;
  const Rejecter rejecter_;
  Connections server_;
  int port_ = 0;
  absl::Mutex mutex_;
  bool serving_ ABSL_GUARDED_BY(mutex_) = false;
  std::atomic<bool> stopping_ = false;
};

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

HttpServer::~HttpServer() = default;

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Listen(
    const Options& options, Handler handler, Rejecter rejecter) {
  auto impl =
      std::make_unique<Impl>(options, std::move(handler), std::move(rejecter));
  if (absl::Status bound = impl->Bind(options.port); !bound.ok()) return bound;
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

int HttpServer::port() const { return impl_->port(); }

absl::Status HttpServer::Serve() { return impl_->Serve(); }

void HttpServer::Stop() { impl_->Stop(); }

}  // namespace tallyman::server

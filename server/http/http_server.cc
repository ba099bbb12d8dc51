#include "server/http/http_server.h"

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "platform/base/unique_fd.h"
#include "server/http/connection_socket.h"
#include "server/http/http_connection.h"
#include "server/http/httplib_adapter.h"
#include "server/http/idle_connections.h"
#include "server/http/listener.h"
#include "server/http/worker_pool.h"

namespace tallyman::server {
namespace {

// The limit for all headers of a request, in io timeouts.
constexpr int kHeadTimeouts = 3;

}  // namespace

class HttpServer::Impl {
 public:
  Impl(std::unique_ptr<Listener> listener, const Options& options,
       Handler handler, Rejecter rejecter)
      : options_(options),
        handler_(std::move(handler)),
        rejecter_(std::move(rejecter)),
        listener_(std::move(listener)),
        adapter_(
            {.handler = handler_,
             .rejecter = rejecter_,
             .idle = idle_,
             .max_body_bytes = options.max_body_bytes,
             .head_timeout = kHeadTimeouts * options.io_timeout,
             .idle_seconds = absl::ToInt64Seconds(options.keep_alive_timeout)}),
        slow_path_([this](ConnectionSocket& socket,
                          const std::string& remote_address) {
          return adapter_.ServeOne(socket, remote_address);
        }),
        parts_({.handler = handler_,
                .rejecter = rejecter_,
                .slow_path = slow_path_,
                .idle = idle_,
                .timeouts = {.io = options.io_timeout,
                             .idle = options.keep_alive_timeout}}) {}

  int port() const { return listener_->port(); }

  absl::Status Serve() {
    // Its destructor waits for the connections.
    WorkerPool threads({.max_threads = options_.max_connections,
                        .max_waiting = kMaxWaitingConnections,
                        .on_refusing = options_.on_refusing});
    absl::Status status = listener_->Run({
        .on_accepted =
            [this, &threads](base::UniqueFd fd) {
              // A refused connection is closed.
              threads.Add([this, fd = std::move(fd)]() mutable {
                ServeConnection(std::move(fd), parts_);
              });
            },
        .on_exhausted = options_.on_exhausted,
        .free_descriptors = options_.free_descriptors,
    });
    // Run() also returns without Stop(), after an error.
    idle_.Stop();
    return status;
  }

  void Stop() {
    // First: a client whose connection ends below must not get a new one.
    listener_->Stop();
    idle_.Stop();
  }

 private:
  const Options options_;
  const Handler handler_;
  const Rejecter rejecter_;
  IdleConnections idle_;
  const std::unique_ptr<Listener> listener_;
  HttplibAdapter adapter_;
  const SlowPath slow_path_;
  const ConnectionParts parts_;
};

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

HttpServer::~HttpServer() = default;

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Listen(
    const Options& options, Handler handler, Rejecter rejecter) {
  absl::StatusOr<std::unique_ptr<Listener>> listener =
      Listener::Bind(options.host, options.port);
  if (!listener.ok()) return listener.status();
  return std::unique_ptr<HttpServer>(new HttpServer(std::make_unique<Impl>(
      *std::move(listener), options, std::move(handler), std::move(rejecter))));
}

int HttpServer::port() const { return impl_->port(); }

absl::Status HttpServer::Serve() { return impl_->Serve(); }

void HttpServer::Stop() { impl_->Stop(); }

}  // namespace tallyman::server

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

// The headers of a request have to be there within as many io timeouts.
constexpr int kHeadTimeouts = 3;

// Connections that wait for a thread, beyond those that the kernel keeps.
constexpr size_t kMaxWaitingConnections = 1024;

}  // namespace

class HttpServer::Impl {
 public:
  Impl(std::unique_ptr<Listener> listener, const Options& options,
       Handler handler, Rejecter rejecter)
      : options_(options),
        handler_(std::move(handler)),
        rejecter_(std::move(rejecter)),
        listener_(std::move(listener)),
        engine_(
            {.handler = handler_,
             .rejecter = rejecter_,
             .idle = idle_,
             .max_body_bytes = options.max_body_bytes,
             .head_timeout = kHeadTimeouts * options.io_timeout,
             .idle_seconds = absl::ToInt64Seconds(options.keep_alive_timeout)}),
        serve_one_([this](ConnectionSocket& socket,
                          const std::string& remote_address) {
          return engine_.ServeOne(socket, remote_address);
        }),
        parts_({.handler = handler_,
                .rejecter = rejecter_,
                .engine = serve_one_,
                .idle = idle_,
                .timeouts = {.io = options.io_timeout,
                             .idle = options.keep_alive_timeout}}) {}

  int port() const { return listener_->port(); }

  absl::Status Serve() {
    // Its end waits for the connections.
    WorkerPool threads(options_.max_connections, kMaxWaitingConnections);
    absl::Status status = listener_->Run({
        .accepted =
            [this, &threads](base::UniqueFd connection) {
              const int fd = connection.get();
              // Otherwise there are too many, and it is closed.
              if (threads.Add([this, fd] { ServeConnection(fd, parts_); })) {
                connection.release();
              }
            },
        .exhausted = options_.on_exhausted,
        .make_room = options_.make_room,
    });
    // Where it ended by itself those that are idle would be waited for.
    idle_.Stop();
    return status;
  }

  void Stop() {
    // First, lest those whose connections end below find that new ones are
    // taken.
    listener_->Stop();
    idle_.Stop();
  }

 private:
  const Options options_;
  const Handler handler_;
  const Rejecter rejecter_;
  IdleConnections idle_;
  const std::unique_ptr<Listener> listener_;
  HttplibAdapter engine_;
  const GeneralEngine serve_one_;
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

// An HTTP proxy that lets only requests with a token through:
//
//   token_proxy DATABASE create NAME public|admin     prints a new token
//   token_proxy DATABASE serve PORT UPSTREAM_PORT     both on 127.0.0.1
//
// GET and HEAD need the scope public, all other methods admin. Port 0 takes a
// free one; the first line of output has it. Each connection serves one
// request. A token that is created while the proxy runs counts after its next
// start. Ends on SIGTERM and SIGINT. Takes //auth and nothing else.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "auth/auth_failure_limiter.h"
#include "auth/authenticator.h"
#include "auth/clock.h"
#include "auth/rate_limiter.h"
#include "auth/secret.h"
#include "auth/sqlite_count_store.h"
#include "auth/sqlite_token_store.h"
#include "auth/token.h"
#include "auth/token_store.h"
#include "storage/database.h"

namespace {

namespace auth = ::tallyman::auth;
using ::tallyman::storage::Database;

constexpr size_t kMaxHeadBytes = 16384;
constexpr int kThreads = 8;

sockaddr_in Loopback(int port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

bool SendAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

// The next bytes; "" at the end, on an error, and after ten seconds without.
std::string Receive(int fd, size_t max_bytes) {
  std::string bytes(std::min<size_t>(max_bytes, 65536), '\0');
  const ssize_t got = recv(fd, bytes.data(), bytes.size(), 0);
  bytes.resize(got > 0 ? static_cast<size_t>(got) : 0);
  return bytes;
}

// An answer of the proxy itself. `header` is "" or ends with CR LF.
void Answer(int client, std::string_view status, std::string_view header,
            std::string_view message) {
  SendAll(client, absl::StrCat("HTTP/1.1 ", status, "\r\n", header,
                               "Content-Type: text/plain\r\nContent-Length: ",
                               message.size() + 1, "\r\nConnection: close\r\n",
                               "\r\n", message, "\n"));
}

struct Request {
  std::string method;
  auth::Secret token;
  std::string head;  // For the upstream: without the token.
  uint64_t body_bytes = 0;
};

// Strict, so that the upstream sees the same one request as the proxy.
absl::StatusOr<Request> Parse(std::string_view head) {
  const std::vector<std::string_view> lines = absl::StrSplit(head, "\r\n");
  const std::vector<std::string_view> words = absl::StrSplit(lines[0], ' ');
  if (head.find('\0') != head.npos || words.size() != 3 || words[0].empty() ||
      !absl::StartsWith(words[1], "/") || words[2] != "HTTP/1.1") {
    return absl::InvalidArgumentError("not a request of HTTP/1.1");
  }
  Request request;
  request.method = std::string(words[0]);
  request.head = absl::StrCat(lines[0], "\r\n");
  bool has_length = false;
  for (const std::string_view line : lines) {
    if (line.find_first_of("\r\n") != line.npos) {
      return absl::InvalidArgumentError("a line with a bare CR or LF");
    }
    if (line.data() == lines[0].data()) continue;
    const size_t colon = line.find(':');
    const std::string name = absl::AsciiStrToLower(line.substr(0, colon));
    if (colon == line.npos || colon == 0 ||
        name.find_first_of(" \t") != name.npos) {
      return absl::InvalidArgumentError("a header without a name");
    }
    std::string_view value = absl::StripAsciiWhitespace(line.substr(colon + 1));
    if (name == "transfer-encoding" || name == "expect") {
      return absl::InvalidArgumentError(absl::StrCat("no ", name, " here"));
    }
    if (name == "authorization") {
      const std::string_view scheme = value.substr(0, 7);
      if (absl::EqualsIgnoreCase(scheme, "bearer ")) {
        request.token = auth::Secret(value.substr(7));
      }
      continue;
    }
    if (name == "content-length") {
      const bool is_number =
          !value.empty() &&
          value.find_first_not_of("0123456789") == value.npos &&
          absl::SimpleAtoi(value, &request.body_bytes);
      if (!is_number || has_length) {
        return absl::InvalidArgumentError("invalid content-length");
      }
      has_length = true;
    }
    if (name == "connection" || name == "keep-alive") continue;
    absl::StrAppend(&request.head, line, "\r\n");
  }
  absl::StrAppend(&request.head, "Connection: close\r\n\r\n");
  return request;
}

class Proxy {
 public:
  Proxy(const auth::Authenticator& authenticator, auth::RateLimiter& limiter,
        int upstream_port)
      : authenticator_(authenticator),
        limiter_(limiter),
        failures_(auth::SystemClock(), {}),
        upstream_port_(upstream_port) {}

  // Serves connections until the listener is shut down.
  void Run(int listener) {
    while (true) {
      sockaddr_in peer = {};
      socklen_t size = sizeof(peer);
      const int client =
          accept(listener, reinterpret_cast<sockaddr*>(&peer), &size);
      if (client < 0) {
        if (errno == EINVAL) return;
        continue;
      }
      char text[INET_ADDRSTRLEN] = "";
      inet_ntop(AF_INET, &peer.sin_addr, text, sizeof(text));
      Serve(client, text);
      close(client);
    }
  }

 private:
  void Serve(int client, std::string_view peer) {
    const timeval timeout = {10, 0};
    setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
    setsockopt(client, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
    std::string bytes;
    size_t end = bytes.npos;
    while ((end = bytes.find("\r\n\r\n")) == bytes.npos) {
      const std::string more = Receive(client, kMaxHeadBytes);
      if (more.empty()) return;
      bytes += more;
      if (bytes.size() > kMaxHeadBytes) {
        Answer(client, "431 Request Header Fields Too Large", "", "too long");
        return;
      }
    }
    const absl::StatusOr<Request> request =
        Parse(std::string_view(bytes).substr(0, end));
    if (!request.ok()) {
      Answer(client, "400 Bad Request", "", request.status().message());
    } else if (Admit(client, peer, *request)) {
      Forward(client, *request, bytes.substr(end + 4));
    }
  }

  // Answers the request and returns false unless it may go through.
  bool Admit(int client, std::string_view peer, const Request& request) {
    const absl::StatusOr<auth::Principal> who =
        authenticator_.Authenticate(request.token);
    if (!who.ok()) {
      if (const absl::Duration wait = failures_.RecordFailure(peer);
          wait > absl::ZeroDuration()) {
        Answer(client, "429 Too Many Requests", RetryAfter(wait), "slow down");
      } else {
        Answer(client, "401 Unauthorized", "WWW-Authenticate: Bearer\r\n",
               who.status().message());
      }
      return false;
    }
    const auth::RateDecision rate = limiter_.Admit(who->token());
    if (!rate.allowed) {
      Answer(client, "429 Too Many Requests", RetryAfter(rate.retry_after),
             "the limit of the token is reached");
      return false;
    }
    const bool reads = request.method == "GET" || request.method == "HEAD";
    const absl::Status may =
        who->Authorize(reads ? auth::Scope::kPublic : auth::Scope::kAdmin);
    if (!may.ok()) Answer(client, "403 Forbidden", "", may.message());
    return may.ok();
  }

  static std::string RetryAfter(absl::Duration wait) {
    return absl::StrCat(
        "Retry-After: ",
        absl::ToInt64Seconds(absl::Ceil(wait, absl::Seconds(1))), "\r\n");
  }

  void Forward(int client, const Request& request, std::string body) const {
    const int upstream = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address = Loopback(upstream_port_);
    if (connect(upstream, reinterpret_cast<const sockaddr*>(&address),
                sizeof(address)) != 0) {
      Answer(client, "502 Bad Gateway", "", "the upstream does not answer");
    } else if (SendAll(upstream, request.head) &&
               SendBody(client, request.body_bytes, std::move(body),
                        upstream)) {
      std::string bytes;
      do {
        bytes = Receive(upstream, 65536);
      } while (!bytes.empty() && SendAll(client, bytes));
    }
    close(upstream);
  }

  // `bytes` came with the head. Sends nothing that follows the body: it would
  // be a request without a token.
  static bool SendBody(int client, uint64_t size, std::string bytes,
                       int upstream) {
    bytes.resize(std::min<uint64_t>(bytes.size(), size));
    while (SendAll(upstream, bytes)) {
      size -= bytes.size();
      if (size == 0) return true;
      bytes = Receive(client, size);
      if (bytes.empty()) return false;
    }
    return false;
  }

  const auth::Authenticator& authenticator_;
  auth::RateLimiter& limiter_;
  auth::AuthFailureLimiter failures_;
  const int upstream_port_;
};

absl::Status Create(auth::TokenStore& tokens, const std::string& name,
                    const std::string& scope) {
  const absl::StatusOr<auth::ScopeSet> scopes = auth::ParseScopes({scope});
  if (!scopes.ok()) return scopes.status();
  auth::TokenSpec spec;
  spec.name = name;
  spec.scopes = *scopes;
  const absl::StatusOr<auth::NewToken> made = tokens.Create(spec);
  if (!made.ok()) return made.status();
  std::printf("%s\n", std::string(made->value.Reveal()).c_str());
  return absl::OkStatus();
}

absl::Status Serve(Database& db, auth::TokenStore& tokens, int port,
                   int upstream_port) {
  const auto counts = auth::SqliteCountStore::Open(db);
  if (!counts.ok()) return counts.status();
  const auto limiter =
      auth::RateLimiter::Create(**counts, auth::SystemClock(), {});
  if (!limiter.ok()) return limiter.status();
  const auto authenticator =
      auth::Authenticator::Create(tokens, auth::SystemClock());
  if (!authenticator.ok()) return authenticator.status();

  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  sockaddr_in address = Loopback(port);
  socklen_t size = sizeof(address);
  if (bind(listener, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      listen(listener, 128) != 0 ||
      getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) !=
          0) {
    return absl::ErrnoToStatus(errno, "cannot listen");
  }
  std::printf("port %d\n", ntohs(address.sin_port));
  std::fflush(stdout);

  Proxy proxy(**authenticator, **limiter, upstream_port);
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&proxy, listener] { proxy.Run(listener); });
  }
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  int signal = 0;
  sigwait(&ends, &signal);
  shutdown(listener, SHUT_RDWR);
  for (std::thread& thread : threads) thread.join();
  close(listener);
  return (*limiter)->Flush();
}

absl::Status Run(const std::vector<std::string>& words) {
  const absl::StatusOr<std::unique_ptr<Database>> db =
      Database::Open(words[0], {});
  if (!db.ok()) return db.status();
  const auto tokens =
      auth::SqliteTokenStore::Open(**db, auth::SystemClock(), {});
  if (!tokens.ok()) return tokens.status();
  if (words[1] == "create") return Create(**tokens, words[2], words[3]);
  if (words[1] == "serve") {
    return Serve(**db, **tokens, std::atoi(words[2].c_str()),
                 std::atoi(words[3].c_str()));
  }
  return absl::InvalidArgumentError("create or serve");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr,
                 "usage: token_proxy DATABASE create NAME public|admin\n"
                 "       token_proxy DATABASE serve PORT UPSTREAM_PORT\n");
    return 2;
  }
  // Before any thread, so that only sigwait(3) gets them.
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);
  const absl::Status status = Run({argv + 1, argv + argc});
  if (status.ok()) return 0;
  std::fprintf(stderr, "token_proxy: %s\n", status.ToString().c_str());
  return 1;
}

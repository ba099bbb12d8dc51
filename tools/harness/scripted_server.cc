#include "tools/harness/scripted_server.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <array>
#include <cstddef>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/log/check.h"
#include "platform/base/unique_fd.h"

namespace tallyman::harness {

ScriptedServer::ScriptedServer(std::vector<Answers> script)
    : listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  CHECK_EQ(bind(listener_.get(), generic, size), 0);
  CHECK_EQ(listen(listener_.get(), SOMAXCONN), 0);
  CHECK_EQ(getsockname(listener_.get(), generic, &size), 0);
  port_ = ntohs(address.sin_port);
  player_ = std::thread([this, script = std::move(script)] { Play(script); });
}

ScriptedServer::~ScriptedServer() { player_.join(); }

void ScriptedServer::Play(const std::vector<Answers>& script) {
  for (const Answers& answers : script) {
    const base::UniqueFd connection(
        accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    CHECK(connection.valid());
    for (const std::string& answer : answers) {
      std::string request;
      while (request.find("\r\n\r\n") == std::string::npos) {
        std::array<char, 4096> bytes;
        const ssize_t got =
            recv(connection.get(), bytes.data(), bytes.size(), 0);
        CHECK_GT(got, 0);
        request.append(bytes.data(), static_cast<size_t>(got));
      }
      CHECK_EQ(
          send(connection.get(), answer.data(), answer.size(), MSG_NOSIGNAL),
          static_cast<ssize_t>(answer.size()));
    }
  }
}

}  // namespace tallyman::harness

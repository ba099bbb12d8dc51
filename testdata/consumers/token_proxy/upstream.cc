// A server to put behind token_proxy: answers each request with its own bytes.
//
//   upstream      on a free port of 127.0.0.1, which it prints

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

namespace {

// Reads a head and the bytes of its Content-Length.
std::string ReadRequest(int client) {
  std::string request;
  size_t wanted = std::string::npos;
  while (request.size() < wanted) {
    char bytes[4096];
    const ssize_t got = recv(client, bytes, sizeof(bytes), 0);
    if (got <= 0) break;
    request.append(bytes, static_cast<size_t>(got));
    const size_t end = request.find("\r\n\r\n");
    if (end == std::string::npos) continue;
    const size_t length = request.find("Content-Length: ");
    wanted = end + 4;
    if (length < end)
      wanted += std::strtoul(&request[length + 16], nullptr, 10);
  }
  return request;
}

}  // namespace

int main() {
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  if (bind(listener, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      listen(listener, 16) != 0 ||
      getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) !=
          0) {
    std::perror("upstream");
    return 1;
  }
  std::printf("port %d\n", ntohs(address.sin_port));
  std::fflush(stdout);
  while (true) {
    const int client = accept(listener, nullptr, nullptr);
    if (client < 0) continue;
    const std::string request = ReadRequest(client);
    const std::string answer =
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: " +
        std::to_string(request.size()) + "\r\nConnection: close\r\n\r\n" +
        request;
    send(client, answer.data(), answer.size(), MSG_NOSIGNAL);
    close(client);
  }
}

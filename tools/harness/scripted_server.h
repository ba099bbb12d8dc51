// A server for tests of the clients in this folder: answers with the bytes that
// a test states, and nothing else.

#ifndef TALLYMAN_TOOLS_HARNESS_SCRIPTED_SERVER_H_
#define TALLYMAN_TOOLS_HARNESS_SCRIPTED_SERVER_H_

#include <string>
#include <thread>
#include <vector>

#include "platform/base/unique_fd.h"

namespace tallyman::harness {

// Accepts one connection for each entry of the script. On each it reads a
// request, without a look at its content, before it sends the next of its
// answers, and closes the connection after the last. Dies (CHECK) on errors.
class ScriptedServer {
 public:
  using Answers = std::vector<std::string>;

  explicit ScriptedServer(std::vector<Answers> script);
  // Waits until the script has been played: the test must make as many
  // connections and requests.
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  int port() const { return port_; }

 private:
  void Play(const std::vector<Answers>& script);

  base::UniqueFd listener_;
  int port_ = 0;
  std::thread player_;
};

}  // namespace tallyman::harness

#endif  // TALLYMAN_TOOLS_HARNESS_SCRIPTED_SERVER_H_

// A keeper made of packets, for tests of the server's end.

#ifndef TALLYMAN_STACKS_KEEPER_TESTING_FAKE_KEEPER_H_
#define TALLYMAN_STACKS_KEEPER_TESTING_FAKE_KEEPER_H_

#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "platform/base/unique_fd.h"

namespace tallyman::stacks {

// Takes one connection at the keeper's socket of a directory, which it
// replaces.
class FakeKeeper {
 public:
  struct Options {
    std::function<void()> before;  // Called before the first packet.
    bool closes = false;           // Closes the connection after the last one.
  };

  // Listens, and starts a thread that accepts one connection, closes the
  // listener and sends `packets`. Dies (CHECK) if that fails.
  FakeKeeper(const std::string& directory, std::vector<std::string> packets,
             Options options);
  FakeKeeper(const std::string& directory, std::vector<std::string> packets)
      : FakeKeeper(directory, std::move(packets), Options()) {}
  // Waits for the thread, thus for a connection.
  ~FakeKeeper();
  FakeKeeper(const FakeKeeper&) = delete;
  FakeKeeper& operator=(const FakeKeeper&) = delete;

  // Waits until the packets are sent. The connection, which doesn't block.
  base::UniqueFd& connection();

 private:
  base::UniqueFd listener_;
  base::UniqueFd connection_;
  std::thread thread_;
};

}  // namespace tallyman::stacks

#endif  // TALLYMAN_STACKS_KEEPER_TESTING_FAKE_KEEPER_H_

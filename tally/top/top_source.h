// Where tally top has its data from. ClientSource asks a server; tests have
// their own.

#ifndef TALLYMAN_TALLY_TOP_TOP_SOURCE_H_
#define TALLYMAN_TALLY_TOP_TOP_SOURCE_H_

#include <functional>

#include "tally/top/model/source_values.h"

namespace tallyman::tally {

class TopSource {
 public:
  // Thread-safe, does not block.
  using Post = std::function<void(SourceUpdate update)>;

  virtual ~TopSource() = default;

  // Begins to follow the stacks, and calls `post` from any thread until this
  // object is destroyed. Called once.
  virtual void Start(Post post) = 0;

  // Does not block. Called after Start(), by one thread.
  virtual void Send(SourceRequest request) = 0;
};

}  // namespace tallyman::tally

#endif  // TALLYMAN_TALLY_TOP_TOP_SOURCE_H_

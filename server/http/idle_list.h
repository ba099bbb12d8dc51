// The objects that wait, in the order in which they began to.

#ifndef TALLYMAN_SERVER_HTTP_IDLE_LIST_H_
#define TALLYMAN_SERVER_HTTP_IDLE_LIST_H_

#include <list>

#include "absl/time/time.h"

namespace tallyman::server {

// Adding and removing take constant time and no memory. Not thread-safe.
template <typename T>
class IdleList {
 public:
  // The place of one object, in the list or not. Must leave the list before it
  // is destroyed.
  class Member {
   public:
    explicit Member(T& object) : node_(1, &object) {}
    Member(const Member&) = delete;
    Member& operator=(const Member&) = delete;

    // When it was added.
    absl::Duration since() const { return since_; }

   private:
    friend class IdleList;
    // Holds the only node while the object is not in the list.
    std::list<T*> node_;
    typename std::list<T*>::iterator place_;
    absl::Duration since_;
  };

  // Adds a member as the newest, or makes it the newest.
  void Add(Member& member, absl::Duration now) {
    if (!member.node_.empty()) {
      member.place_ = member.node_.begin();
      members_.splice(members_.end(), member.node_);
    } else {
      members_.splice(members_.end(), members_, member.place_);
    }
    member.since_ = now;
  }

  // Without effect if the member is not in the list.
  void Remove(Member& member) {
    if (member.node_.empty()) {
      member.node_.splice(member.node_.begin(), members_, member.place_);
    }
  }

  // The one that was added first; null if the list is empty.
  T* oldest() const { return members_.empty() ? nullptr : members_.front(); }

 private:
  std::list<T*> members_;
};

}  // namespace tallyman::server

#endif  // TALLYMAN_SERVER_HTTP_IDLE_LIST_H_

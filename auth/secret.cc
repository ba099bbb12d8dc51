#include "auth/secret.h"

#include <cstddef>
#include <memory>
#include <string_view>

#include "auth/crypto.h"

namespace tallyman::auth {

Secret::Secret(std::string_view value) : size_(value.size()) {
  if (value.empty()) return;
  bytes_ = std::make_unique<char[]>(value.size());
  value.copy(bytes_.get(), value.size());
}

Secret::~Secret() {
  if (bytes_ != nullptr) Cleanse(bytes_.get(), size_);
}

bool operator==(const Secret& a, const Secret& b) {
  return a.size_ == b.size_ &&
         EqualInConstantTime(a.bytes_.get(), b.bytes_.get(), a.size_);
}

}  // namespace tallyman::auth

// Tokens: each its own, and none of another registry's.
#include "runtime/weak_registry.h"

#include <memory>
#include <set>
#include <string>

#include "check.h"

using bigtransfer::runtime::WeakRegistry;

TEST("weak registry: what is held is found by its token") {
  WeakRegistry<int> registry;
  auto held = std::make_shared<int>(7);
  const std::string token = registry.add(held);
  EXPECT(registry.gave(token));
  EXPECT(registry.find(token) == held);
  held.reset();
  EXPECT(registry.gave(token));
  EXPECT(registry.find(token) == nullptr);
}

TEST("weak registry: tokens are of one registry and of one call") {
  WeakRegistry<int> registry;
  WeakRegistry<int> other;
  const auto held = std::make_shared<int>(7);
  std::set<std::string> tokens;
  for (int i = 0; i < 100; ++i) tokens.insert(registry.add(held));
  EXPECT(tokens.size() == 100);
  for (const std::string& token : tokens) {
    EXPECT(registry.find(token) == held);
    EXPECT(!other.gave(token));
    EXPECT(other.find(token) == nullptr);
    EXPECT(!registry.gave(token + "0"));
  }
  EXPECT(!registry.gave(""));
}

// checkpoint/pickle: containers come out as values, everything that could act is refused.
#include "checkpoint/pickle.h"

#include "check.h"
#include "checkpoint/fixtures.h"
#include "checkpoint/pickled_tensor.h"
#include "common/error.h"

namespace bigtransfer::checkpoint::test {
namespace {

using Kind = PickleValue::Kind;

Pickle parse(std::string_view bytes) { return {bytes, is_state_dict_global, kFile}; }

#define CHECK_BAD_PICKLE(bytes, fragment)                          \
  do {                                                             \
    const std::string input = bytes;                               \
    EXPECT_THROWS(parse(input), ErrorCode::kCheckpoint, fragment); \
  } while (false)

TEST("pickle: scalars") {
  const std::string bytes =
      pickle("(N\x88\x89K\xffM" + le<uint16_t>(65535) + integer(-5) + long_integer(INT64_MIN) +
             std::string("\x8a\0", 2) + "\x8a\1\xff" + "\x8a\x09" + std::string(9, '\1') + "\x8b" +
             le<int32_t>(2) + std::string("\0\1", 2) + "G" + std::string(8, '\0') + text("é") +
             "U\2hiC\2by" + "\x8c\1s" + "\x8d" + le<uint64_t>(1) + "t" + "T" + le<uint32_t>(1) +
             "u" + "B" + le<uint32_t>(1) + "b" + "\x8e" + le<uint64_t>(1) + "c" + "\x96" +
             le<uint64_t>(1) + "d" + "t");
  const Pickle parsed = parse(bytes);
  const auto& items = parsed.root().items;
  EXPECT(items.size() == 21);
  EXPECT(items[0]->is(Kind::kNone));
  EXPECT(items[1]->is(Kind::kBool) && items[1]->integer == 1 && items[2]->integer == 0);
  EXPECT(items[3]->integer == 255 && items[4]->integer == 65535 && items[5]->integer == -5);
  EXPECT(items[6]->integer == INT64_MIN && items[7]->integer == 0 && items[8]->integer == -1);
  EXPECT(items[9]->is(Kind::kBigInt) && items[10]->integer == 256);
  EXPECT(items[11]->is(Kind::kFloat) && items[12]->text == "é");
  EXPECT(items[13]->is(Kind::kString) && items[13]->text == "hi");
  EXPECT(items[14]->is(Kind::kBytes) && items[14]->text == "by");
  EXPECT(items[20]->is(Kind::kBytes) && items[20]->text == "d");
}

TEST("pickle: containers") {
  const std::string bytes =
      pickle("(" + dict({{"k", "K\1"}}) + text("s") + "K\2s" + "](K\1K\2eK\3a" + "\x8f(K\1\x90" +
             "(K\1\x91" + "(K\1l" + "(K\1K\2d" + "K\1\x85K\1K\2\x86K\1K\2K\3\x87)" + "t");
  const Pickle parsed = parse(bytes);
  const auto& items = parsed.root().items;
  EXPECT(items.size() == 10);
  EXPECT(items[0]->is(Kind::kDict) && items[0]->items.size() == 4);
  EXPECT(items[0]->items[2]->text == "s" && items[0]->items[3]->integer == 2);
  EXPECT(items[1]->is(Kind::kList) && items[1]->items.size() == 3);
  EXPECT(items[2]->is(Kind::kSet) && items[3]->is(Kind::kSet) && items[4]->is(Kind::kList));
  EXPECT(items[5]->is(Kind::kDict) && items[6]->items.size() == 1 && items[8]->items.size() == 3);
  EXPECT(items[8]->items[0]->integer == 1 && items[8]->items[2]->integer == 3);
  EXPECT(items[9]->is(Kind::kTuple) && items[9]->items.empty());
}

TEST("pickle: memo, frames and stack opcodes of protocol 4") {
  const std::string bytes = "\x80\x04\x95" + le<uint64_t>(3) + std::string("(K\7\x94") + "h" +
                            std::string(1, '\0') + "r" + le<uint32_t>(900) + "j" +
                            le<uint32_t>(900) + "2N0(NN1t.";
  const Pickle parsed = parse(bytes);
  EXPECT(parsed.root().items.size() == 4);
  EXPECT(parsed.root().items[0] == parsed.root().items[3]);
}

TEST("pickle: allowed calls are described, not made") {
  const std::string bytes = pickle(ordered_dict() + "(" + text("d") + global("torch", "device") +
                                   tuple({text("cpu")}) + "Ru" + dict({{"_metadata", "N"}}) + "b");
  const Pickle parsed = parse(bytes);
  EXPECT(parsed.root().is(Kind::kDict));
  const PickleValue& call = *parsed.root().items[1];
  EXPECT(call.is(Kind::kCall) && call.items[0]->is_global("torch", "device"));
  EXPECT(call.items[1]->items[0]->text == "cpu");
}

TEST("pickle: anything else to call is refused by name") {
  for (const std::string& evil :
       {global("os", "system") + tuple({text("touch /tmp/owned")}) + "R",
        global("builtins", "eval") + tuple({text("1")}) + "R", global("posix", "system"),
        text("os") + text("system") + "\x93", global("builtins", "getattr"),
        global("torch", "load"), global("torch.hub", "load"), global("torch._utils", "_import"),
        global("torch.nn.modules.conv", "Conv2d") + ")\x81"}) {
    CHECK_BAD_PICKLE(pickle(evil), "nothing from it was executed");
  }
  CHECK_BAD_PICKLE(pickle(global("os", "system")), "'os.system'");
  CHECK_BAD_PICKLE(pickle(text("os") + text("system") + "\x93"), "'os.system'");
  CHECK_BAD_PICKLE(pickle(global(std::string(100000, 'x'), "y")), "'xxx");
  CHECK_BAD_PICKLE(pickle("K\1K\2\x93"), "not a string");
  CHECK_BAD_PICKLE(pickle("(ios\nsystem\nt"), "opcode 105");  // INST
  CHECK_BAD_PICKLE(pickle("\x82\1"), "opcode 130");           // EXT1
  CHECK_BAD_PICKLE(pickle("P0\n"), "opcode 80");              // PERSID
  CHECK_BAD_PICKLE(pickle("K\1)R"), "not a global");
  CHECK_BAD_PICKLE(pickle(global("torch", "Size") + "K\1R"), "not a tuple");
  CHECK_BAD_PICKLE(pickle("K\1K\2b"), "attributes");
}

TEST("pickle: stack underflow and marks") {
  for (const std::string bad : {"", "0", "2", "K\1a", "\x85", "K\1\x86", "R", "K\1R", "b", "Q", "s",
                                "q\1", "\x94", "(0", "K\1(0", "K\1(2", "K\1(q\1", "]K\1(a"}) {
    CHECK_BAD_PICKLE(pickle(bad), "stack is empty");
  }
  for (const std::string bad : {"t", "e", "u", "l", "d", "1", "\x90", "\x91"}) {
    CHECK_BAD_PICKLE(pickle(bad), "no mark");
  }
  CHECK_BAD_PICKLE(pickle("NN"), "left on the stack");
  CHECK_BAD_PICKLE(pickle("N("), "stack is empty");
  CHECK_BAD_PICKLE(pickle("}(Nu"), "no value");
  CHECK_BAD_PICKLE(pickle("(Nd"), "no value");
  CHECK_BAD_PICKLE(pickle(")K\1a"), "cannot hold");
  CHECK_BAD_PICKLE(pickle("](K\1K\2u"), "cannot hold");
  CHECK_BAD_PICKLE(pickle("}(K\1e"), "cannot hold");
  CHECK_BAD_PICKLE(pickle("h\5"), "did not keep");
  CHECK_BAD_PICKLE(pickle("N") + "N.", "follows its end");
}

TEST("pickle: lengths that lie and text that does not end") {
  for (const std::string& bad :
       {std::string("X") + le<uint32_t>(0xffffffff) + "x", "\x8d" + le(UINT64_MAX) + "x",
        "B" + le<uint32_t>(100), "\x8e" + le<uint64_t>(INT64_MAX), "\x8b" + le<int32_t>(-1) + "x",
        "\x8b" + le<int32_t>(1 << 30), std::string("\x8a\xff") + "x", std::string("G1"),
        std::string("U\xff")}) {
    CHECK_BAD_PICKLE(pickle(bad), "ends too early");
  }
  CHECK_BAD_PICKLE(
      "\x80\x02"
      "cos",
      "line does not end");
  CHECK_BAD_PICKLE(
      "\x80\x02"
      "cos\nsystem",
      "line does not end");
  CHECK_BAD_PICKLE("\x80\x06N.", "protocol 6");
  CHECK_BAD_PICKLE("\x80\x04\x95" + le<uint64_t>(1000) + "N.", "frame");
  CHECK_BAD_PICKLE("\x80", "too early");
  CHECK_BAD_PICKLE("", "too early");
}

TEST("pickle: bombs end with an error, not with the memory") {
  CHECK_BAD_PICKLE(std::string(3'000'000, ')'), "too many opcodes");
  CHECK_BAD_PICKLE(std::string(3'000'000, '('), "too many opcodes");
  CHECK_BAD_PICKLE("]" + std::string(3'000'000, '2'), "too many opcodes");
  // Nesting a million deep neither recurses on the way in nor on the way out.
  const std::string deep = pickle(")" + std::string(1'000'000, '\x85'));
  EXPECT(parse(deep).root().items.size() == 1);
  // Billion laughs: 30 lists, each holding the one before twice.
  std::string laughs = "]q\1";
  for (int i = 0; i < 30; ++i) laughs += "](h\1h\1eq\1";
  const std::string laughing = pickle("(" + laughs + "t");
  EXPECT(parse(laughing).root().items.size() == 31);
}

TEST("pickle: cycles do not leak or loop") {
  const std::string bytes = pickle("]q\1h\1a");
  const Pickle parsed = parse(bytes);
  EXPECT(parsed.root().items[0] == &parsed.root());
}

}  // namespace
}  // namespace bigtransfer::checkpoint::test

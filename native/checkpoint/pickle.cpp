// The machine's opcodes, as in CPython's Lib/pickle.py and Lib/pickletools.py.
#include "checkpoint/pickle.h"

#include <cstring>

#include "checkpoint/pickle_input.h"
#include "checkpoint/pickle_stack.h"

namespace bigtransfer::checkpoint {
namespace {

using Kind = PickleValue::Kind;
using Items = std::vector<PickleValue*>;

/// torch.save writes about 45 opcodes a tensor; values, stack and memo stay under 400 MB.
constexpr size_t kMaxOpcodes = 2'000'000;
constexpr uint8_t kMaxProtocol = 5;

/// Each group of opcodes answers whether the opcode was one of its own.
class Machine {
 public:
  Machine(std::string_view bytes, std::deque<PickleValue>& arena, Pickle::GlobalFilter allowed,
          const std::string& where)
      : input_(bytes, where), stack_(arena, input_), allowed_(allowed) {}

  const PickleValue* run() {
    for (size_t count = 0; count < kMaxOpcodes; ++count) {
      const auto opcode = input_.number<uint8_t>();
      if (opcode == '.') return finish();  // STOP
      if (!frame(opcode) && !number(opcode) && !text(opcode) && !container(opcode) &&
          !extension(opcode) && !stack(opcode) && !memo(opcode) && !call(opcode)) {
        input_.bad("opcode " + std::to_string(opcode) + " is not one that torch.save writes");
      }
    }
    input_.bad("too many opcodes");
  }

 private:
  const PickleValue* finish() {
    const PickleValue* root = stack_.pop();
    if (!stack_.empty()) input_.bad("values are left on the stack");
    if (input_.remaining() != 0) input_.bad("something follows its end");
    return root;
  }

  bool frame(uint8_t opcode) {
    if (opcode == 0x80) {  // PROTO
      const auto protocol = input_.number<uint8_t>();
      if (protocol > kMaxProtocol) input_.bad("unknown protocol " + std::to_string(protocol));
    } else if (opcode == 0x95) {  // FRAME: a reading aid
      if (input_.number<uint64_t>() > input_.remaining()) input_.bad("a frame ends beyond it");
    } else {
      return false;
    }
    return true;
  }

  bool number(uint8_t opcode) {
    switch (opcode) {
      case 'N':  // NONE
        stack_.push(Kind::kNone);
        return true;
      case 0x88:  // NEWTRUE
      case 0x89:  // NEWFALSE
        stack_.push(Kind::kBool)->integer = opcode == 0x88;
        return true;
      case 'J':  // BININT
        return push_integer(input_.number<int32_t>());
      case 'K':  // BININT1
        return push_integer(input_.number<uint8_t>());
      case 'M':  // BININT2
        return push_integer(input_.number<uint16_t>());
      case 0x8a:  // LONG1
        return push_long(input_.number<uint8_t>());
      case 0x8b:  // LONG4: a negative length becomes one beyond the end
        return push_long(static_cast<uint64_t>(int64_t{input_.number<int32_t>()}));
      case 'G':  // BINFLOAT
        input_.take(sizeof(double));
        stack_.push(Kind::kFloat);
        return true;
      default:
        return false;
    }
  }

  bool push_integer(int64_t value) {
    stack_.push(Kind::kInt)->integer = value;
    return true;
  }

  /// Little-endian two's complement of any length.
  bool push_long(uint64_t length) {
    const std::string_view digits = input_.take(length);
    if (length > sizeof(int64_t)) {
      stack_.push(Kind::kBigInt);
      return true;
    }
    const bool negative = !digits.empty() && static_cast<signed char>(digits.back()) < 0;
    int64_t value = negative ? -1 : 0;
    std::memcpy(&value, digits.data(), digits.size());
    return push_integer(value);
  }

  bool text(uint8_t opcode) {
    switch (opcode) {
      case 0x8c:  // SHORT_BINUNICODE
      case 'U':   // SHORT_BINSTRING (Python 2)
        return push_text(Kind::kString, input_.number<uint8_t>());
      case 'X':  // BINUNICODE
      case 'T':  // BINSTRING (Python 2)
        return push_text(Kind::kString, input_.number<uint32_t>());
      case 0x8d:  // BINUNICODE8
        return push_text(Kind::kString, input_.number<uint64_t>());
      case 'C':  // SHORT_BINBYTES
        return push_text(Kind::kBytes, input_.number<uint8_t>());
      case 'B':  // BINBYTES
        return push_text(Kind::kBytes, input_.number<uint32_t>());
      case 0x8e:  // BINBYTES8
      case 0x96:  // BYTEARRAY8
        return push_text(Kind::kBytes, input_.number<uint64_t>());
      default:
        return false;
    }
  }

  bool push_text(Kind kind, uint64_t length) {
    const std::string_view content = input_.take(length);
    stack_.push(kind)->text = content;
    return true;
  }

  bool container(uint8_t opcode) {
    switch (opcode) {
      case ']':  // EMPTY_LIST
        return push_items(Kind::kList, {});
      case '}':  // EMPTY_DICT
        return push_items(Kind::kDict, {});
      case 0x8f:  // EMPTY_SET
        return push_items(Kind::kSet, {});
      case ')':  // EMPTY_TUPLE
        return push_items(Kind::kTuple, {});
      case 'l':  // LIST
        return push_items(Kind::kList, stack_.pop_to_mark());
      case 'd':  // DICT
        return push_items(Kind::kDict, stack_.pop_to_mark());
      case 0x91:  // FROZENSET
        return push_items(Kind::kSet, stack_.pop_to_mark());
      case 't':  // TUPLE
        return push_items(Kind::kTuple, stack_.pop_to_mark());
      case 0x85:  // TUPLE1
      case 0x86:  // TUPLE2
      case 0x87:  // TUPLE3
        return push_items(Kind::kTuple, stack_.pop_some(opcode - 0x84u));
      default:
        return false;
    }
  }

  bool push_items(Kind kind, Items items) {
    if (kind == Kind::kDict) check_pairs(items);
    stack_.push(kind)->items = std::move(items);
    return true;
  }

  bool extension(uint8_t opcode) {
    switch (opcode) {
      case 'a':  // APPEND
        return extend(Kind::kList, stack_.pop_some(1));
      case 'e':  // APPENDS
        return extend(Kind::kList, stack_.pop_to_mark());
      case 's':  // SETITEM
        return extend(Kind::kDict, stack_.pop_some(2));
      case 'u':  // SETITEMS
        return extend(Kind::kDict, stack_.pop_to_mark());
      case 0x90:  // ADDITEMS
        return extend(Kind::kSet, stack_.pop_to_mark());
      default:
        return false;
    }
  }

  bool extend(Kind kind, const Items& items) {
    PickleValue* target = stack_.top();
    if (!target->is(kind)) input_.bad("items are added to what cannot hold them");
    if (kind == Kind::kDict) check_pairs(items);
    target->items.insert(target->items.end(), items.begin(), items.end());
    return true;
  }

  void check_pairs(const Items& items) const {
    if (items.size() % 2 != 0) input_.bad("a key has no value");
  }

  bool stack(uint8_t opcode) {
    switch (opcode) {
      case '(':  // MARK
        stack_.mark();
        return true;
      case '0':  // POP
        stack_.pop();
        return true;
      case '1':  // POP_MARK
        stack_.pop_to_mark();
        return true;
      case '2':  // DUP
        stack_.push_again(stack_.top());
        return true;
      default:
        return false;
    }
  }

  bool memo(uint8_t opcode) {
    switch (opcode) {
      case 'q':  // BINPUT
        stack_.memorize(input_.number<uint8_t>());
        return true;
      case 'r':  // LONG_BINPUT
        stack_.memorize(input_.number<uint32_t>());
        return true;
      case 0x94:  // MEMOIZE
        stack_.memorize_next();
        return true;
      case 'h':  // BINGET
        stack_.recall(input_.number<uint8_t>());
        return true;
      case 'j':  // LONG_BINGET
        stack_.recall(input_.number<uint32_t>());
        return true;
      default:
        return false;
    }
  }

  bool call(uint8_t opcode) {
    switch (opcode) {
      case 'c': {  // GLOBAL
        const std::string_view module = input_.line();
        return push_global(module, input_.line());
      }
      case 0x93: {  // STACK_GLOBAL
        const Items names = stack_.pop_some(2);
        if (!names[0]->is(Kind::kString) || !names[1]->is(Kind::kString)) {
          input_.bad("a global's name is not a string");
        }
        return push_global(names[0]->text, names[1]->text);
      }
      case 'R':   // REDUCE
      case 0x81:  // NEWOBJ
        return push_call(stack_.pop_some(2));
      case 'b':  // BUILD: attributes of an object, such as a state dict's _metadata
        stack_.pop();
        if (!stack_.top()->is(Kind::kDict) && !stack_.top()->is(Kind::kCall)) {
          input_.bad("a plain value has attributes");
        }
        return true;
      case 'Q':  // BINPERSID
        return push_items(Kind::kPersistent, stack_.pop_some(1));
      default:
        return false;
    }
  }

  bool push_global(std::string_view module, std::string_view name) {
    if (!allowed_(module, name)) {
      refuse_global(module, name);
    }
    PickleValue* value = stack_.push(Kind::kGlobal);
    value->text = module;
    value->name = name;
    return true;
  }

  [[noreturn]] void refuse_global(std::string_view module, std::string_view name) const {
    const std::string path = std::string(module.substr(0, kShownNameBytes)) + "." +
                             std::string(name.substr(0, kShownNameBytes));
    fail(input_.where(), "this pickle wants to use " + in_quotes(path) +
                             ", which could run any code; nothing from it was executed. If you "
                             "trust the file, load it in Python and save its state_dict() alone, "
                             "best as safetensors");
  }

  bool push_call(Items callee_and_arguments) {
    const PickleValue &callee = *callee_and_arguments[0], &arguments = *callee_and_arguments[1];
    if (!callee.is(Kind::kGlobal)) input_.bad("it calls what is not a global");
    if (!arguments.is(Kind::kTuple)) input_.bad("a call's arguments are not a tuple");
    if (callee.is_global("collections", "OrderedDict") && arguments.items.empty()) {
      return push_items(Kind::kDict, {});
    }
    return push_items(Kind::kCall, std::move(callee_and_arguments));
  }

  PickleInput input_;
  PickleStack stack_;
  Pickle::GlobalFilter allowed_;
};

}  // namespace

Pickle::Pickle(std::string_view bytes, GlobalFilter allowed, const std::string& where)
    : root_(Machine(bytes, values_, allowed, where).run()) {}

}  // namespace bigtransfer::checkpoint

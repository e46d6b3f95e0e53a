// A test registry small enough to read: TEST bodies, EXPECTs that report and go on, and
// EXPECT_THROWS.
#pragma once

#include <functional>
#include <iostream>
#include <string>
#include <vector>

namespace bigtransfer::test {

struct Case {
  std::string name;
  std::function<void()> body;
};

inline std::vector<Case>& cases() {
  static std::vector<Case> all;
  return all;
}

/// Failed checks of the case that is running.
inline int& failures() {
  static int count = 0;
  return count;
}

struct Register {
  Register(std::string name, std::function<void()> body) {
    cases().push_back({std::move(name), std::move(body)});
  }
};

inline void report(const char* file, int line, const std::string& what) {
  ++failures();
  std::cerr << "    " << file << ":" << line << ": " << what << "\n";
}

}  // namespace bigtransfer::test

#define BT_JOIN_(a, b) a##b
#define BT_JOIN(a, b) BT_JOIN_(a, b)

#define TEST(name)                                                           \
  static void BT_JOIN(test_, __LINE__)();                                    \
  static const ::bigtransfer::test::Register BT_JOIN(registered_, __LINE__){ \
      name, BT_JOIN(test_, __LINE__)};                                       \
  static void BT_JOIN(test_, __LINE__)()

#define EXPECT(condition)                                                                     \
  do {                                                                                        \
    if (!(condition)) ::bigtransfer::test::report(__FILE__, __LINE__, "failed: " #condition); \
  } while (false)

/// The statement must throw bigtransfer::Error with this code and a message containing `fragment`.
#define EXPECT_THROWS(statement, expected_code, fragment)                                 \
  do {                                                                                    \
    try {                                                                                 \
      statement;                                                                          \
      ::bigtransfer::test::report(__FILE__, __LINE__, "did not throw: " #statement);      \
    } catch (const ::bigtransfer::Error& error) {                                         \
      if (error.code() != (expected_code))                                                \
        ::bigtransfer::test::report(__FILE__, __LINE__,                                   \
                                    std::string("wrong code, message: ") + error.what()); \
      if (std::string(error.what()).find(fragment) == std::string::npos)                  \
        ::bigtransfer::test::report(                                                      \
            __FILE__, __LINE__,                                                           \
            std::string("message lacks '") + (fragment) + "': " + error.what());          \
    }                                                                                     \
  } while (false)

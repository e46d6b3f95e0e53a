// As much of CUDA's runtime as peers by NCCL call, for threads of this process in place of GPUs.
#pragma once

enum cudaError_t { cudaSuccess = 0, cudaErrorInvalidDevice = 101, cudaErrorNotReady = 600 };

/// What is under way on it, of fake_nccl.cpp.
struct FakeStream;
using cudaStream_t = FakeStream*;
constexpr unsigned cudaStreamNonBlocking = 1;

cudaError_t cudaGetDevice(int* device);
cudaError_t cudaSetDevice(int device);
const char* cudaGetErrorString(cudaError_t code);
cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned flags);
cudaError_t cudaStreamDestroy(cudaStream_t stream);
cudaError_t cudaStreamQuery(cudaStream_t stream);

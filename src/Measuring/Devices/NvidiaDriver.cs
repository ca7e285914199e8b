using System.Runtime.InteropServices;

namespace Emergence.Measuring.Devices;

/// <summary>Asks the NVIDIA driver for its GPUs, by functions that every driver has.</summary>
internal static unsafe class NvidiaDriver
{
    // CUDA_ERROR_NO_DEVICE: there is none, or CUDA_VISIBLE_DEVICES names none.
    private const int NoDevice = 100;

    /// <summary>The driver's library.</summary>
    public static string Library => OperatingSystem.IsWindows() ? "nvcuda.dll" : "libcuda.so.1";

    /// <summary>What the driver says; of the GPU of one number also how much memory is free.</summary>
    public static CudaDriver Ask(int number)
    {
        var driver = NativeLibrary.Load(Library);
        int version, count;
        Require(driver, ((delegate* unmanaged<int*, int>)Function(driver, "cuDriverGetVersion"))(&version));
        if (((delegate* unmanaged<uint, int>)Function(driver, "cuInit"))(0) is not 0 and var error)
            return new CudaDriver(version, error == NoDevice ? null : Words(driver, error), []);
        Require(driver, ((delegate* unmanaged<int*, int>)Function(driver, "cuDeviceGetCount"))(&count));
        return new CudaDriver(version, null, [.. Enumerable.Range(0, count).Select(i => Card(driver, i, i == number))]);
    }

    private static CudaCard Card(nint driver, int number, bool isMeant)
    {
        int device;
        nuint total;
        var name = stackalloc byte[256];
        Require(driver, ((delegate* unmanaged<int*, int, int>)Function(driver, "cuDeviceGet"))(&device, number));
        Require(driver, ((delegate* unmanaged<byte*, int, int, int>)Function(driver, "cuDeviceGetName"))(name, 256, device));
        Require(driver, ((delegate* unmanaged<nuint*, int, int>)Function(driver, "cuDeviceTotalMem_v2"))(&total, device));
        return new CudaCard(
            Marshal.PtrToStringUTF8((nint)name) ?? "", checked((long)total), isMeant ? Free(driver, device) : null);
    }

    /// <summary>Null where there is no context to be had, for which ONNX Runtime will find better words.</summary>
    private static long? Free(nint driver, int device)
    {
        nint context;
        if (((delegate* unmanaged<nint*, int, int>)Function(driver, "cuDevicePrimaryCtxRetain"))(&context, device) != 0)
            return null;
        nuint free = 0, total = 0;
        var isKnown = ((delegate* unmanaged<nint, int>)Function(driver, "cuCtxPushCurrent_v2"))(context) == 0
            && ((delegate* unmanaged<nuint*, nuint*, int>)Function(driver, "cuMemGetInfo_v2"))(&free, &total) == 0
            && ((delegate* unmanaged<nint*, int>)Function(driver, "cuCtxPopCurrent_v2"))(&context) == 0;
        // It stays: ONNX Runtime would make it once more.
        return isKnown ? checked((long)free) : null;
    }

    private static void Require(nint driver, int error)
    {
        if (error != 0)
            throw new InvalidOperationException($"the NVIDIA driver answers: {Words(driver, error)}");
    }

    private static string Words(nint driver, int error)
    {
        byte* text;
        return ((delegate* unmanaged<int, byte**, int>)Function(driver, "cuGetErrorString"))(error, &text) == 0
            ? $"{Marshal.PtrToStringUTF8((nint)text)} ({error})"
            : $"error {error}";
    }

    private static nint Function(nint driver, string name) => NativeLibrary.GetExport(driver, name);
}

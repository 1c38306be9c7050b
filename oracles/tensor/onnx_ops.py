"""One small ONNX model per operator and variant, with what onnxruntime computes. Writes onnx_ops.json.

    python3 oracles/tensor/onnx_ops.py      (onnx 1.23.2, onnxruntime 1.31.1, numpy)

Each row: the model's bytes (base64), inputs and outputs as {shape, type, data}. Operands given as constants are
initialisers: what an import must know before it runs.
"""

import base64
import json
import pathlib

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper

HERE = pathlib.Path(__file__).parent
TYPES = {"float32": TensorProto.FLOAT, "int64": TensorProto.INT64, "int32": TensorProto.INT32, "bool": TensorProto.BOOL}
rows = []
random = np.random.Generator(np.random.PCG64(7))


def real(*shape, low=-2.0, high=2.0):
    return np.round(random.uniform(low, high, shape), 4).astype(np.float32)


def ints(*values):
    return np.array(values, np.int64)


def case(op, inputs, constants=None, opset=18, outputs=1, name="", keep=None, ir=8, **attributes):
    """`inputs`: operands in order; `constants`: positions of initialisers; None: an absent operand."""
    constants = constants or []
    inputs = [None if value is None else np.asarray(value) for value in inputs]
    names = ["" if value is None else f"x{i}" for i, value in enumerate(inputs)]
    results = [f"y{i}" for i in range(outputs)]
    node = helper.make_node(op, names, results, **attributes)
    fed = [i for i, value in enumerate(inputs) if value is not None and i not in constants]
    graph = helper.make_graph(
        [node],
        op,
        [helper.make_tensor_value_info(f"x{i}", TYPES[str(inputs[i].dtype)], inputs[i].shape) for i in fed],
        [helper.make_empty_tensor_value_info(y) for y in results],
        [numpy_helper.from_array(inputs[i], f"x{i}") for i in constants],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=ir)
    options = ort.SessionOptions()
    options.log_severity_level = 3
    session = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    found = session.run(None, {f"x{i}": inputs[i] for i in fed})
    store(name or op, opset, model, {f"x{i}": inputs[i] for i in fed}, dict(zip(results, found)))


def array(x):
    data = [None if not np.isfinite(v) else float(f"{v:.8g}") for v in np.asarray(x, np.float64).ravel()]
    return {"shape": list(x.shape), "type": str(x.dtype), "data": data}


def store(name, opset, model, inputs, outputs):
    rows.append(
        {
            "name": name,
            "opset": opset,
            "model": base64.b64encode(model.SerializeToString()).decode(),
            "inputs": {key: array(value) for key, value in inputs.items()},
            "outputs": {key: array(value) for key, value in outputs.items()},
        }
    )


def elementwise():
    x = real(2, 3)
    for op in "Abs Neg Exp Sin Cos Tan Sinh Cosh Atan Tanh Sigmoid Relu Softplus Softsign Erf Floor Ceil Round Sign Mish".split():
        case(op, [x])
    for op in ("Log", "Sqrt", "Reciprocal"):
        case(op, [real(2, 3, low=0.2)])
    for op in ("Asin", "Acos"):
        case(op, [real(2, 3, low=-0.9, high=0.9)])
    case("LeakyRelu", [x], alpha=0.2)
    case("Elu", [x], alpha=0.7)
    case("Celu", [x], alpha=0.7)
    case("Selu", [x])
    case("ThresholdedRelu", [x], alpha=0.5)
    case("HardSigmoid", [x], alpha=0.3, beta=0.4)
    case("HardSwish", [real(2, 3, low=-5, high=5)])
    case("Gelu", [x], opset=20)
    case("Gelu", [x], opset=20, approximate="tanh", name="Gelu tanh")
    case("PRelu", [real(1, 3, 2, 2), real(3, 1, 1)])
    case("Clip", [x, np.float32(-0.5), np.float32(0.8)], [1, 2])
    case("Clip", [x, None, np.float32(0.8)], [2], name="Clip above")
    case("Clip", [x, np.float32(-0.5), np.float32(0.8)], name="Clip by tensors")
    for op in ("Add", "Sub", "Mul", "Div"):
        case(op, [x, real(3, low=0.5)])
    case("Div", [ints(7, -7, 9), ints(2, 2, -4)], name="Div of integers")
    case("Div", [ints(7, -7, 9), ints(2, 2, -4)], [0, 1], name="Div of constant integers")
    case("Pow", [real(2, 3, low=0.2), np.float32(1.7)], [1])
    case("Pow", [x, np.float32(2)], [1], name="Pow 2")
    case("Pow", [real(2, 3, low=0.2), real(3)], name="Pow of tensors")
    case("Mod", [ints(7, -7, 9), ints(3, 3, -4)])
    case("Mod", [x, real(2, 3, low=0.5)], fmod=1, name="Mod fmod")
    for op in ("Min", "Max", "Sum", "Mean"):
        case(op, [x, real(2, 3), real(3)])
    for op in ("Equal", "Less", "Greater", "LessOrEqual", "GreaterOrEqual"):
        case(op, [np.float32([1, 2, 3]), np.float32([2, 2, 2])])
    flags = [np.array([True, False, True, False]), np.array([True, True, False, False])]
    for op in ("And", "Or", "Xor"):
        case(op, flags)
    case("Not", flags[:1])
    case("Where", [x > 0, x, real(3)])
    case("Where", [flags[0], ints(1, 2, 3, 4), ints(5, 6, 7, 8)], name="Where of integers")
    odd = np.float32([1, np.nan, np.inf, -np.inf])
    for op in ("IsNaN", "IsInf"):
        case(op, [odd], [0])
    case("Cast", [np.float32([1.7, -1.7, 0])], to=TensorProto.INT64)
    case("Cast", [np.float32([1.7, -1.7, 0])], to=TensorProto.BOOL, name="Cast to bool")
    case("Cast", [ints(3, -4)], to=TensorProto.FLOAT, name="Cast of integers")
    case("CastLike", [np.float32([1.7, -1.7]), ints(1)], [1])
    case("Identity", [x])
    case("Dropout", [x, np.float32(0.5)], [1])


def shapes():
    x = real(2, 3, 4)
    case("Reshape", [x, ints(0, -1, 2)], [1])
    case("Reshape", [x, ints(4, 6)], [1], name="Reshape to known")
    case("Reshape", [x, ints(2, -1)], [1], allowzero=1, name="Reshape allowzero")
    for axis in (0, 1, -1):
        case("Flatten", [x], axis=axis, name=f"Flatten {axis}")
    case("Squeeze", [real(2, 1, 3, 1), ints(1)], [1])
    case("Squeeze", [real(2, 1, 3, 1)], name="Squeeze all")
    case("Unsqueeze", [x, ints(0, -1)], [1])
    case("Transpose", [x])
    case("Transpose", [x], perm=[1, 2, 0], name="Transpose perm")
    case("Expand", [real(3, 1), ints(2, 1, 4)], [1])
    case("Tile", [real(2, 3), ints(2, 1)], [1])
    case("Tile", [real(2, 3), ints(1, 3)], [1], name="Tile 2")
    case("Concat", [x, real(2, 1, 4)], axis=1)
    case("Concat", [ints(1, 2), ints(3)], axis=0, name="Concat of integers")
    case("Split", [real(2, 7), ints(3, 4)], [1], outputs=2, axis=1)
    case("Split", [real(2, 7)], outputs=3, axis=-1, num_outputs=3, name="Split in 3")
    case("Split", [real(6, 2)], outputs=2, opset=13, name="Split in equal parts")
    case("Slice", [x, ints(1, 0), ints(9, -1), ints(1, 2)], [1, 2, 3])
    case("Slice", [x, ints(0), ints(2**63 - 1), ints(2), ints(2)], [1, 2, 3, 4], name="Slice steps")
    case("Slice", [real(2, 7), ints(1), ints(7), ints(1), ints(3)], [1, 2, 3, 4], name="Slice steps of 3")
    case("Slice", [x, ints(-1), ints(-(2**63)), ints(2), ints(-1)], [1, 2, 3, 4], name="Slice backwards")
    case("Slice", [real(2, 7), ints(-2), ints(0), ints(1), ints(-2)], [1, 2, 3, 4], name="Slice backwards steps")
    pads = ints(0, 1, 2, 0, 2, 1)
    case("Pad", [x, pads, np.float32(1.5)], [1, 2])
    case("Pad", [x, pads], [1], mode="reflect", name="Pad reflect")
    case("Pad", [x, pads], [1], mode="edge", name="Pad edge")
    case("Pad", [x, pads], [1], opset=19, mode="wrap", name="Pad wrap")
    case("Pad", [x, ints(0, -1, 0, 0, 1, -1)], [1], name="Pad negative")
    case("Pad", [x, ints(2, 1), None, ints(-1)], [1, 3], name="Pad axes")
    case("Shape", [x])
    case("Shape", [x], start=1, end=-1, name="Shape part")
    case("Size", [x])
    case("ConstantOfShape", [ints(2, 3)], [0], value=helper.make_tensor("v", TensorProto.FLOAT, [1], [2.5]))
    case("Range", [ints(2)[0], ints(11)[0], ints(3)[0]], [0, 1, 2])
    case("Range", [np.float32(1), np.float32(-1), np.float32(-0.5)], [0, 1, 2], name="Range of floats")
    case("Trilu", [real(2, 3, 4)])
    case("Trilu", [real(3, 3), np.int64(-1)], [1], upper=0, name="Trilu lower")
    case("Trilu", [np.full((3, 3), -1e9, np.float32), np.int64(1)], [0, 1], name="Trilu of a constant")
    case("DepthToSpace", [real(1, 8, 2, 3)], blocksize=2)
    case("DepthToSpace", [real(1, 8, 2, 3)], blocksize=2, mode="CRD", name="DepthToSpace CRD")
    case("SpaceToDepth", [real(1, 2, 4, 6)], blocksize=2)


def reductions():
    x = real(2, 3, 4)
    for op in "ReduceL1 ReduceL2 ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare".split():
        case(op, [x, ints(1, -1)], [1])
        case(op, [x], keepdims=0, name=f"{op} of all")
    case("ReduceLogSum", [real(2, 3, low=0.5), ints(1)], [1])
    case("ReduceMean", [x], opset=13, axes=[0, 2], keepdims=0, name="ReduceMean 13")
    case("ReduceSum", [x], noop_with_empty_axes=1, name="ReduceSum of none")
    case("Softmax", [x], axis=1)
    case("LogSoftmax", [x])
    case("ArgMax", [x], axis=1)
    case("ArgMin", [x], axis=-1, keepdims=0)
    tied = np.float32([[1, 3, 3], [2, 2, 1]])
    case("ArgMax", [tied], axis=1, name="ArgMax tied")
    case("ArgMax", [tied], axis=1, select_last_index=1, keepdims=0, name="ArgMax last")
    case("CumSum", [x, np.int64(1)], [1])
    case("CumSum", [x, np.int64(-1)], [1], exclusive=1, reverse=1, name="CumSum exclusive reverse")
    case("TopK", [x, ints(2)], [1], outputs=2, axis=-1)
    case("TopK", [x, ints(2)], [1], outputs=2, axis=1, largest=0, name="TopK smallest")


def products():
    case("MatMul", [real(2, 1, 3, 4), real(5, 4, 2)])
    case("MatMul", [real(4), real(4, 2)], name="MatMul of a vector")
    case("MatMul", [real(2, 3, 4), real(4)], name="MatMul by a vector")
    case("MatMul", [real(4), real(4)], name="MatMul of vectors")
    case("Gemm", [real(4, 3), real(2, 4), real(2)], transA=1, transB=1, alpha=0.5, beta=2.0)
    case("Gemm", [real(3, 4), real(4, 2)], name="Gemm plain")
    case("Einsum", [real(2, 3, 4), real(2, 4, 5)], equation="bij, bjk -> bik")
    case("Einsum", [real(2, 3), real(3)], equation="ij,j->i", name="Einsum of a vector")


def indexing():
    x = real(3, 4)
    case("Gather", [x, ints(2, -1, 0)], axis=0)
    case("Gather", [x, np.int64(-2)], [1], axis=1, name="Gather one")
    case("Gather", [x, np.array([[0, 1], [2, 0]])], [1], axis=0, name="Gather matrix")
    case("Gather", [ints(5, 6, 7), ints(-1)], [0, 1], name="Gather of constants")
    case("GatherElements", [x, np.array([[0, -1], [1, 0], [3, 3]])], axis=1)
    case("GatherND", [real(2, 3, 4), np.array([[0, 1], [1, -1]])], [1])
    case("ScatterElements", [x, np.array([[0, 3], [1, 2]]), real(2, 2)], axis=1)
    case("ScatterElements", [x, np.array([[0, 3], [1, 2]]), real(2, 2)], axis=1, reduction="add", name="ScatterElements add")
    case("ScatterND", [real(4, 3), np.array([[1], [3]]), real(2, 3)], [1])
    case("ScatterND", [real(4, 3), np.array([[1, 2], [3, 0]]), real(2)], [1], reduction="add", name="ScatterND add")
    case("OneHot", [ints(0, 2, -1), np.int64(3), np.float32([0, 5])], [1, 2])
    case("OneHot", [ints(0, 2), np.int64(3), np.float32([-1, 1])], [1, 2], axis=0, name="OneHot first")


def spatial():
    x = real(1, 4, 7, 6)
    case("Conv", [x, real(2, 4, 3, 3), real(2)], pads=[1, 0, 2, 1], strides=[2, 1])
    case("Conv", [x, real(4, 1, 3, 2)], group=4, dilations=[2, 1], name="Conv depthwise")
    case("Conv", [x, real(2, 4, 3, 2)], auto_pad="SAME_UPPER", strides=[2, 2], name="Conv same upper")
    case("Conv", [x, real(2, 4, 2, 2)], auto_pad="SAME_LOWER", name="Conv same lower")
    case("Conv", [real(2, 3, 8), real(2, 3, 3), real(2)], pads=[2, 0], dilations=[2], name="Conv 1d")
    case("Conv", [real(1, 2, 4, 4, 3), real(3, 2, 2, 2, 2)], name="Conv 3d")
    case("ConvTranspose", [real(1, 4, 3, 4), real(4, 2, 3, 3), real(2)], strides=[2, 2], pads=[1, 1, 1, 1], output_padding=[1, 1])
    case("ConvTranspose", [real(1, 4, 3, 4), real(4, 1, 2, 2)], strides=[2, 2], group=2, name="ConvTranspose grouped")
    case("ConvTranspose", [real(1, 2, 5), real(2, 3, 4)], strides=[2], pads=[1, 1], name="ConvTranspose 1d")
    case("MaxPool", [x], kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    case("MaxPool", [x], kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1, name="MaxPool ceil")
    case("MaxPool", [x], kernel_shape=[3, 2], strides=[1, 1], dilations=[2, 1], name="MaxPool dilated")
    case("MaxPool", [real(1, 2, 9)], kernel_shape=[3], strides=[2], name="MaxPool 1d")
    case("AveragePool", [x], kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    case("AveragePool", [x], kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1], count_include_pad=1, name="AveragePool counting")
    case("AveragePool", [x], kernel_shape=[2, 4], strides=[2, 2], ceil_mode=1, name="AveragePool ceil")
    # onnxruntime divides by the whole window up to opset 18; PyTorch, like opset 19, by what lies inside the padding.
    case("AveragePool", [x], opset=19, kernel_shape=[3, 3], strides=[3, 3], pads=[1, 1, 1, 1], ceil_mode=1, count_include_pad=1, name="AveragePool ceil counting")
    case("GlobalAveragePool", [x])
    case("GlobalMaxPool", [x])


def resizes():
    x = real(1, 2, 4, 5)
    sizes = ints(1, 2, 7, 4)
    for mode in ("half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric", "half_pixel_symmetric"):
        opset = 19
        case("Resize", [x, None, None, sizes], [3], opset=opset, mode="linear", coordinate_transformation_mode=mode, name=f"Resize linear {mode}")
        case("Resize", [x, None, None, sizes], [3], opset=opset, mode="nearest", nearest_mode="floor", coordinate_transformation_mode=mode, name=f"Resize nearest {mode}")
    for rounding in ("round_prefer_floor", "round_prefer_ceil", "ceil"):
        case("Resize", [x, None, None, sizes], [3], mode="nearest", nearest_mode=rounding, name=f"Resize {rounding}")
    case("Resize", [x, None, np.float32([1, 1, 2, 2])], [2], mode="nearest", nearest_mode="floor", coordinate_transformation_mode="asymmetric", name="Resize doubled")
    case("Resize", [x, None, np.float32([1, 1, 1.5, 0.7])], [2], mode="linear", name="Resize by scales")
    case("Resize", [x, None, np.float32([1.5, 0.7])], [2], mode="linear", axes=[2, 3], name="Resize of axes")
    case("Resize", [x, None, None, sizes], [3], mode="cubic", name="Resize cubic")
    case("Resize", [x, None, None, sizes], [3], mode="cubic", cubic_coeff_a=-0.5, exclude_outside=1, name="Resize cubic inside")
    case("Resize", [real(1, 2, 5), None, np.float32([1, 1, 3])], [2], mode="linear", coordinate_transformation_mode="align_corners", name="Resize 1d")


def normalisations():
    x = real(2, 4, 3, 2)
    channels = [real(4, low=0.5), real(4), real(4), real(4, low=0.5)]
    case("BatchNormalization", [x, *channels], [1, 2, 3, 4], epsilon=1e-3)
    case("BatchNormalization", [real(5, 4), *channels], [1, 2, 3, 4], name="BatchNormalization of rows")
    case("InstanceNormalization", [x, *channels[:2]], [1, 2], epsilon=1e-3)
    case("GroupNormalization", [x, real(2, low=0.5), real(2)], [1, 2], num_groups=2, name="GroupNormalization 18")
    case("GroupNormalization", [x, *channels[:2]], [1, 2], opset=21, num_groups=2, ir=10, name="GroupNormalization 21")
    case("LayerNormalization", [x, real(2, low=0.5), real(2)], [1, 2])
    case("LayerNormalization", [x, real(3, 2, low=0.5)], [1], axis=2, name="LayerNormalization of two axes")
    case("LpNormalization", [x], axis=1)
    case("MeanVarianceNormalization", [x])


def recurrent():
    t, n, i, h = 4, 2, 3, 5
    x = real(t, n, i)
    for op, gates in (("LSTM", 4), ("GRU", 3), ("RNN", 1)):
        w, r, b = real(1, gates * h, i), real(1, gates * h, h), real(1, 2 * gates * h)
        outputs = 3 if op == "LSTM" else 2
        case(op, [x, w, r, b], [1, 2, 3], outputs=outputs, hidden_size=h)
        two = [np.concatenate([v, 0.5 * v]) for v in (w, r, b)]
        case(op, [x, *two], [1, 2, 3], outputs=outputs, hidden_size=h, direction="bidirectional", name=f"{op} both ways")
        case(op, [x, w, r], [1, 2], outputs=outputs, hidden_size=h, direction="reverse", name=f"{op} backwards")
    w, r, b = real(1, 3 * h, i), real(1, 3 * h, h), real(1, 6 * h)
    first = real(1, n, h)
    case("GRU", [x, w, r, b, None, first], [1, 2, 3], outputs=2, hidden_size=h, linear_before_reset=1, name="GRU of PyTorch")


def graphs():
    """Models of several nodes: a function, a condition, a loop, a constant of each kind."""
    x = real(2, 3)
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid("local", 1)]
    body = [
        helper.make_node("LeakyRelu", ["a"], ["b"]),
        helper.make_node("Add", ["b", "c"], ["d"]),
    ]
    body[0].attribute.append(onnx.AttributeProto(name="alpha", ref_attr_name="slope", type=onnx.AttributeProto.FLOAT))
    function = helper.make_function("local", "Bent", ["a", "c"], ["d"], body, opsets[:1], ["slope"])
    run("function", [helper.make_node("Bent", ["x", "x"], ["y"], domain="local", slope=0.3)], {"x": x}, opsets, [function])
    branch = lambda op: helper.make_graph([helper.make_node(op, ["x"], ["z"])], op, [], [helper.make_empty_tensor_value_info("z")])
    nodes = [
        helper.make_node("Shape", ["x"], ["s"]),
        helper.make_node("Size", ["s"], ["r"]),
        helper.make_node("Constant", [], ["two"], value_int=2),
        helper.make_node("Equal", ["r", "two"], ["is"]),
        helper.make_node("If", ["is"], ["y"], then_branch=branch("Neg"), else_branch=branch("Abs")),
    ]
    run("If", nodes, {"x": x}, opsets[:1])
    value = lambda name, shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
    step = helper.make_graph(
        [helper.make_node("Mul", ["state", "k"], ["scaled"]), helper.make_node("Add", ["scaled", "now"], ["next"]), helper.make_node("Neg", ["next"], ["out"])],
        "step",
        [value("state", [3]), value("now", [3])],
        [value("next", [3]), value("out", [3])],
    )
    constants = [
        helper.make_node("Constant", [], ["k"], value_float=0.5),
        helper.make_node("Constant", [], ["h"], value_floats=[1.0, 2.0, 3.0]),
    ]
    for backwards in (0, 1):
        loop = helper.make_node("Scan", ["h", "x"], ["last", "y"], body=step, num_scan_inputs=1, scan_input_directions=[backwards], scan_output_directions=[backwards])
        run(f"Scan {backwards}", [*constants, loop], {"x": x}, opsets[:1], outputs=["last", "y"])


def later():
    """Operators that came after the others, so that the numbers of those stay as they are."""
    x = real(2, 3)
    case("Asinh", [np.float32([-900, -2, -0.4, 0, 1e-4, 0.7, 30])])
    case("Acosh", [np.float32([1.0001, 1.5, 40])])
    case("Atanh", [np.float32([-0.9, 0, 1e-4, 0.5])])
    case("Shrink", [x], lambd=0.6, bias=0.2)
    case("GreaterOrEqual", [np.float32([1, np.nan]), np.float32([1, 1])], name="GreaterOrEqual of no number")
    case("Trilu", [np.float32([[1, 2], [-np.inf, 3]])], name="Trilu of the infinite")
    case("EyeLike", [real(3, 4)], k=1)
    case("EyeLike", [real(3, 3)], dtype=TensorProto.INT64, name="EyeLike of integers")
    case("GatherND", [real(2, 3, 4), np.array([[0, 1], [1, -1]])], name="GatherND of the data")
    case("GatherND", [real(2, 3, 4), np.array([[[1], [-1]], [[0], [2]]])], batch_dims=1, name="GatherND in batches")
    case("GatherND", [real(2, 3, 4), np.array([[1], [-1]])], [1], batch_dims=1, name="GatherND in batches by constants")
    case("ScatterND", [real(4, 3), np.array([[-1], [0]]), real(2, 3)], name="ScatterND of the data")
    for kernel, options in (((2, 2), {}), ((2, 3), {"strides": [2, 1], "pads": [1, 0, 1, 2], "dilations": [1, 2]})):
        size, d = (5, 6), options.get("dilations", [1, 1])
        pads = options.get("pads", [0] * 4)
        out = [(size[i] + pads[i] + pads[i + 2] - d[i] * (kernel[i] - 1) - 1) // options.get("strides", [1, 1])[i] + 1 for i in (0, 1)]
        columns = real(2, 3 * kernel[0] * kernel[1], out[0] * out[1])
        case("Col2Im", [columns, ints(*size), ints(*kernel)], [1, 2], name=f"Col2Im {kernel}", **options)
    image, grid = real(2, 3, 5, 4), real(2, 3, 2, 2, low=-1.7, high=1.7)
    for padding in ("zeros", "border", "reflection"):
        for corners in (0, 1):
            how = {"padding_mode": padding, "align_corners": corners}
            case("GridSample", [image, grid], opset=20, mode="linear", name=f"GridSample {padding} {corners}", **how)
            case("GridSample", [image, grid], opset=16, mode="nearest", name=f"GridSample nearest {padding} {corners}", **how)
    case("GridSample", [real(1, 2, 3, 4, 3), real(1, 2, 2, 3, 3, low=-1.2, high=1.2)], opset=20, mode="linear", name="GridSample of a volume")
    for corners in (0, 1):
        case("AffineGrid", [real(2, 2, 3), ints(2, 1, 3, 4)], [1], opset=20, align_corners=corners, name=f"AffineGrid {corners}")
    case("AffineGrid", [real(1, 3, 4), ints(1, 1, 2, 3, 2)], [1], opset=20, name="AffineGrid of a volume")
    scores, classes, weights = real(3, 4), ints(2, 0, 3), real(4, low=0.2)
    for reduction in ("mean", "sum", "none"):
        case("SoftmaxCrossEntropyLoss", [scores, classes, weights], outputs=2, reduction=reduction, name=f"SoftmaxCrossEntropyLoss {reduction}")
        case("NegativeLogLikelihoodLoss", [scores, classes, weights], reduction=reduction, name=f"NegativeLogLikelihoodLoss {reduction}")
    pixels = np.array([[[1, 0], [255, 2]], [[0, 2], [1, 255]]])
    case("SoftmaxCrossEntropyLoss", [real(2, 3, 2, 2), pixels], ignore_index=255, name="SoftmaxCrossEntropyLoss of images")
    case("NegativeLogLikelihoodLoss", [scores, classes, weights], ignore_index=0, name="NegativeLogLikelihoodLoss without a class")


def run(name, nodes, inputs, opsets, functions=(), outputs=("y",)):
    graph = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info(key, TYPES[str(v.dtype)], v.shape) for key, v in inputs.items()],
        [helper.make_empty_tensor_value_info(key) for key in outputs],
    )
    model = helper.make_model(graph, opset_imports=opsets, functions=list(functions), ir_version=8)
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    store(name, 18, model, inputs, dict(zip(outputs, session.run(None, inputs))))


for part in (elementwise, shapes, reductions, products, indexing, spatial, resizes, normalisations, recurrent, graphs, later):
    part()
(HERE / "onnx_ops.json").write_text("[\n" + ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows) + "\n]\n")
print(len(rows), "rows,", onnx.__version__, ort.__version__)

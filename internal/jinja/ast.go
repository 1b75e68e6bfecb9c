package jinja

// expr is an expression that can be evaluated.
type expr interface {
	eval(f *frame) (any, error)
	offset() int
}

// stmt is a statement that writes to w.
type stmt interface {
	exec(f *frame, w *output) error
}

// node is the offset of an expression or statement in its source.
type node struct{ off int }

// offset implements expr.
func (n node) offset() int { return n.off }

// The expressions.
type (
	constExpr struct {
		node
		val any
	}
	nameExpr struct {
		node
		name string
	}
	listExpr struct {
		node
		items []expr
		tuple bool
	}
	dictExpr struct {
		node
		keys, vals []expr
	}
	attrExpr struct {
		node
		obj  expr
		name string
	}
	itemExpr struct {
		node
		obj, key expr
	}
	sliceExpr struct {
		node
		start, stop, step expr // nil where left out
	}
	callExpr struct {
		node
		fn   expr
		args callArgs
	}
	filterExpr struct {
		node
		in   expr // nil in a filter block
		def  *filter
		name string
		args callArgs
	}
	testExpr struct {
		node
		in   expr
		def  *filter
		name string
		args callArgs
	}
	notExpr struct {
		node
		x expr
	}
	logicExpr struct {
		node
		and         bool
		left, right expr
	}
	condExpr struct {
		node
		cond, then, els expr // els may be nil
	}
	compareExpr struct {
		node
		first expr
		ops   []string
		rest  []expr
	}
	binaryExpr struct {
		node
		op          string
		left, right expr
	}
	unaryExpr struct {
		node
		neg bool
		x   expr
	}
	concatExpr struct {
		node
		parts []expr
	}
)

// callArgs are the arguments of a call as written.
type callArgs struct {
	pos    []expr
	names  []string
	vals   []expr
	star   expr // *args
	dstar  expr // **kwargs
	nameAt []int
}

type (
	dataStmt struct {
		node
		data string
	}
	printStmt struct {
		node
		x expr
	}
	ifStmt struct {
		node
		conds  []expr
		bodies [][]stmt
		els    []stmt
	}
	forStmt struct {
		node
		target    target
		iter      expr
		test      expr
		recursive bool
		body, els []stmt
	}
	setStmt struct {
		node
		target target
		x      expr
	}
	setBlockStmt struct {
		node
		target target
		filter expr // with a hole, or nil
		body   []stmt
	}
	macroStmt struct {
		node
		def *macroDef
	}
	callStmt struct {
		node
		call *callExpr
		def  *macroDef
	}
	filterStmt struct {
		node
		filter expr
		body   []stmt
	}
	withStmt struct {
		node
		targets []target
		vals    []expr
		body    []stmt
	}
	blockStmt struct {
		node
		name     string
		scoped   bool
		required bool
		body     []stmt
	}
	extendsStmt struct {
		node
		name expr
	}
	includeStmt struct {
		node
		name          expr
		ignoreMissing bool
		withContext   bool
	}
	importStmt struct {
		node
		name        expr
		as          string      // import x as as
		names       [][2]string // from x import a as b
		withContext bool
	}
	doStmt struct {
		node
		x expr
	}
	loopCtlStmt struct {
		node
		err error
	}
)

// macroDef is a macro or the body of a call block.
type macroDef struct {
	name     string
	params   []string
	defaults []expr // of the last parameters
	body     []stmt
	// which of the special names the body uses
	usesCaller, usesVarargs, usesKwargs bool
}

// target is what can be assigned to: a name, a namespace's attribute, or a tuple
// of targets.
type target struct {
	off   int
	name  string
	attr  string // of the namespace called name
	tuple []target
}
